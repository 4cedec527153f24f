import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { describeSettingsFault } from './fault.ts'
import { parseSettings } from './parse.ts'
import { printExample } from './print.ts'

const FOLDER = { folder: '/etc/cvdnet' }
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAG2rU3Q+pMvYu4wUCRv88bNZRncs15GyPE7ZzZoeX9V'
const OTHER = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAswVXqfxOkOM1h9osfsETZbgKXK7xQ5XoOozfIXPGGG'

function faults(text: string): readonly string[] {
  const settings = parseSettings(text, FOLDER)
  return settings.ok ? [] : settings.fault.map(describeSettingsFault)
}

test('a master needs a zone and its section, the rest has defaults', () => {
  const settings = parseSettings('zone = "ClamAV.example"\n[master]\n', FOLDER)
  assert.ok(settings.ok)
  const { master, mirror, zone, state } = settings.value
  assert.equal(zone, 'clamav.example')
  assert.equal(mirror, undefined)
  assert.equal(master?.networkKeys, `${state}/network`)
  assert.equal(master.timestampEveryMs, 6 * 3600_000)
  assert.deepEqual(master.uploadLimits, {
    fileBytesMax: 2 ** 30,
    folderBytesMax: 2 ** 32,
    filesMax: 200,
  })
  assert.deepEqual(master.push, {
    parallel: 8,
    connectTimeoutMs: 15_000,
    syncTimeoutMs: 1_200_000,
    retries: 5,
    retryBaseMs: 5000,
    retryMaxMs: 300_000,
  })
})

test('the example file loads, with every section', () => {
  const settings = parseSettings(printExample(), FOLDER)
  assert.ok(settings.ok, settings.ok ? '' : settings.fault.map(describeSettingsFault).join('\n'))
  assert.equal(settings.value.master?.sigmakers[0]?.databases[0], 'acme')
  assert.deepEqual(settings.value.master?.mirrors[0]?.rsyncLogin, {
    user: 'mirror1',
    password: { kind: 'file', path: '/etc/cvdnet/secrets/mirror1' },
  })
  assert.equal(settings.value.mirror?.masters[0]?.name, 'rsync1')
})

const MIRROR_ENTRY = `
[[master.mirrors]]
name = "m1"
host = "127.0.1.1"
host_key = "${OTHER}"
country = "DE"
region = "europe"
user = "m1"
`

test('all faults are told at once, each with its line', () => {
  const text = `zone = 7
stat = "/x"
[master]
releases_kept = 1
timestamp_every = "6 hours"
"publisher_keys" = [
  "a", # a comment with ] in it
  3,
]
[master.push]
retries = -1
retry_base = "10m"
[master.uploads]
file_max = "1 GiB"
[[master.sigmakers]]
name = "acme"
key = "ssh-rsa"
databases = "acme"
[[master.sigmakers]]
databases = []
`
  assert.deepEqual(faults(text), [
    'line 1: zone wants a domain name',
    'line 2: stat is not a setting; did you mean "state"?',
    'line 4: master.releases_kept wants a whole number from 2 to 1000',
    'line 5: master.timestamp_every wants a duration from 1m to 1d',
    'line 6: master.publisher_keys wants a list, each a path',
    'line 11: master.push.retries wants a whole number from 0 to 100',
    'line 12: master.push.retry_base: longer than retry_max',
    'line 13: master.uploads is not a setting; did you mean "upload"?',
    'line 17: master.sigmakers[0].key wants an ssh public key line, "ssh-ed25519 AAAA…", or a list of several',
    'line 18: master.sigmakers[0].databases wants "*" for all, or a list of database names',
    'line 19: master.sigmakers[1].name is missing; it wants a name of letters, digits, "_", "." and "-"',
    'line 19: master.sigmakers[1].key is missing; it wants an ssh public key line, "ssh-ed25519 AAAA…", or a list of several',
    'line 20: master.sigmakers[1].databases wants "*" for all, or a list of database names',
  ])
})

const ZONE = 'zone = "z.example"\n'
const IMPOSSIBLE: readonly (readonly [string, string, string])[] = [
  [
    'no role',
    ZONE,
    'line 1: master: none of [master], [mirror] and [dns] is here, so there is nothing to run',
  ],
  ['a section that is a value', `${ZONE}master = 5\n`, 'line 2: master wants a table, [master]'],
  [
    'a list that is a table',
    `${ZONE}[master]\n[master.mirrors]\n`,
    'line 3: master.mirrors wants tables, [[master.mirrors]]',
  ],
  [
    'a file larger than its folder',
    `${ZONE}[master.upload]\nfile_max = "5 GiB"\n`,
    'line 3: master.upload.file_max: larger than folder_max, so the largest file would never fit',
  ],
  [
    'two servers on one port',
    `${ZONE}[master]\n[master.ssh]\nport = 873\n`,
    'line 2: master.rsync.port: the same as of [master.ssh] on the same address',
  ],
  [
    'no password',
    `${ZONE}[master]${MIRROR_ENTRY}`,
    'line 3: master.mirrors[0].password_file: exactly one of password_file and password_env is needed',
  ],
  [
    'two passwords',
    `${ZONE}[master]${MIRROR_ENTRY}password_file = "a"\npassword_env = "B"\n`,
    'line 10: master.mirrors[0].password_file: exactly one of password_file and password_env is needed',
  ],
  [
    'a mirror that nobody calls',
    `${ZONE}[mirror]\nname = "m1"\nconf = "c"\n`,
    'line 2: mirror.masters: without [[mirror.masters]] nobody may call this mirror',
  ],
  ['a syntax error', `${ZONE}[master\n`, 'line 2: incomplete or unterminated table definition'],
]
for (const [situation, text, words] of IMPOSSIBLE) {
  test(`settings with ${situation} are refused, with the line`, () => {
    const [first = '', ...others] = faults(text)
    assert.deepEqual(others, [])
    if (situation === 'a syntax error') assert.match(first, /^line 2: [^\n]+$/)
    else assert.equal(first, words)
  })
}

test('twins are refused: names, logins and keys open one door each', () => {
  const one = `${MIRROR_ENTRY}password_env = "A"\n`
  assert.deepEqual(faults(`${ZONE}[master]${one}${one}`), [
    'line 13: master.mirrors[1].name: the same as in master.mirrors[0]',
    'line 18: master.mirrors[1].user: the same as in master.mirrors[0]',
  ])
  const sigmaker = (name: string) =>
    `[[master.sigmakers]]\nname = "${name}"\nkey = ["${OTHER} a comment"]\ndatabases = "*"\n`
  assert.deepEqual(faults(`${ZONE}[master]\n${sigmaker('a')}${sigmaker('b')}`), [
    'line 9: master.sigmakers[1].key: the same as in master.sigmakers[0]',
  ])
  const caller = (name: string) => `[[mirror.masters]]\nname = "${name}"\nkey = "${KEY}"\n`
  assert.deepEqual(
    faults(`${ZONE}[mirror]\nname = "m"\nconf = "c"\n${caller('a')}${caller('b')}`),
    ['line 10: mirror.masters[1].key: the same as in mirror.masters[0]'],
  )
})

test('a secret in the file is refused and not repeated', () => {
  const text = `${ZONE}[master]${MIRROR_ENTRY}password = "hunter2"\npassword_env = "A"\n`
  assert.deepEqual(faults(text), [
    'line 10: master.mirrors[0].password: secrets do not stand in this file; use password_file or password_env',
  ])
  for (const broken of [`${ZONE}password = "hunter2\n`, `${ZONE}state = ["hunter2"]\n[master]\n`]) {
    assert.ok(faults(broken).length > 0 && !faults(broken).join().includes('hunter2'))
  }
})

test('lines are right behind texts and lists that span lines, dotted keys and odd names', () => {
  const text = `zone = "z.example"
state = """
[master]
x = 1 \\"""" # not a header
log.levle = "info"
log . format = 'xml'
[master]
publisher_keys = [ "a", '''
b''', # ]
3 ]
nmae = "x"
[ "mirror" . 'ssh' ]
port = 99999
`
  assert.deepEqual(
    faults(text).map((fault) => fault.split(' wants')[0]),
    [
      'line 2: state',
      'line 5: log.levle is not a setting; did you mean "level"?',
      'line 6: log.format',
      'line 8: master.publisher_keys',
      'line 11: master.nmae is not a setting; did you mean "name"?',
      'line 12: mirror.name is missing; it',
      'line 12: mirror.conf is missing; it',
      'line 12: mirror.masters: without [[mirror.masters]] nobody may call this mirror',
      'line 13: mirror.ssh.port',
    ],
  )
})

test('a hundred faults are enough', () => {
  const text = ZONE + Array.from({ length: 500 }, (_none, index) => `k${index} = 1\n`).join('')
  assert.equal(faults(text).length, 100)
})

test('law: no text makes it throw', () => {
  const piece = fc.constantFrom(
    ...[
      'zone',
      'master',
      '=',
      '"',
      "'",
      '"""',
      '[',
      ']',
      '[[',
      ']]',
      '\n',
      '.',
      ' ',
      '1',
      '{',
      '}',
      ',',
      '#',
      '\\',
      '__proto__',
    ],
  )
  const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(fc.oneof(text, fc.string()), (one) => void faults(one)),
    { numRuns: 3000 },
  )
})

test('a name server alone: paths are absolute, times are seconds, what is absent stays open', () => {
  const text = `
zone = "clamav.example"
[dns]
hosts = ["192.0.2.53", "2001:db8::53"]
snapshot = "zone.json"
unlimited = ["10.0.0.0/8"]
[dns.places]
mmdb = "geo.mmdb"
[[dns.overrides]]
prefix = "10.0.0.0/8"
country = "DE"
[dns.answers]
mirror_ttl = "5m"
override_clamav_net = "yes"
`
  const parsed = parseSettings(text, { folder: '/etc/cvdnet' })
  assert.ok(parsed.ok, JSON.stringify(parsed))
  const { dns } = parsed.value
  assert.equal(dns?.snapshot, '/etc/cvdnet/zone.json')
  assert.deepEqual(dns?.places, { kind: 'mmdb', file: '/etc/cvdnet/geo.mmdb' })
  assert.equal(dns?.port, 53)
  assert.deepEqual(dns?.answers, {
    addressesMax: undefined,
    nearMirrorsMin: undefined,
    mirrorTtl: 300,
    wobblingTtl: undefined,
    recordTtl: undefined,
    overrideClamavNet: true,
  })
})

test('a name server’s faults have their lines', () => {
  const text = `zone = "clamav.example"
[dns]
hosts = ["here"]
snapshot = "zone.json"
unlimited = ["10.0.0.1/8"]
[[dns.overrides]]
prefix = "2001:db8::/65"
country = "DE"
[dns.answers]
record_ttl = "10m"
`
  const parsed = parseSettings(text, { folder: '/etc/cvdnet' })
  assert.ok(!parsed.ok)
  assert.deepEqual(
    parsed.fault.map((fault) => fault.line),
    [3, 5, 7, 10],
  )
})
