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
    canary: true,
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
  assert.deepEqual(settings.value.master?.publishers, [
    {
      name: 'acme',
      keys: '/etc/cvdnet/keys/acme.pub.json',
      secrets: undefined,
      certs: undefined,
      always: [],
    },
  ])
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
"network_keys" = [
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
    'line 6: master.network_keys wants a path',
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
    'line 1: master: none of [master], [mirror], [monitor], [dns] is here, so nothing is to run',
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
    'a publisher without keys',
    `${ZONE}[master]\n[[master.publishers]]\nname = "acme"\n`,
    'line 3: master.publishers[0].keys: needed, or nothing of this publisher could be verified',
  ],
  [
    'keys of ClamAV',
    `${ZONE}[master]\n[[master.publishers]]\nname = "ClamAV"\nsecrets = "s"\n`,
    'line 5: master.publishers[0].secrets: the keys of ClamAV are built in, and nobody here has its secrets',
  ],
  [
    'signatures that nobody could check',
    `${ZONE}[master]\n[[master.publishers]]\nname = "ClamAV"\nalways = ["sign"]\n`,
    'line 5: master.publishers[0].always: "sign" needs certs, without which no .sign is accepted',
  ],
  [
    'a mirror that nobody calls',
    `${ZONE}[mirror]\nname = "m1"\nconf = "c"\n`,
    'line 2: mirror.masters: without [[mirror.masters]] nobody may call this mirror, and without pull_every it does not pull by itself',
  ],
  [
    'a store in PostgreSQL without its address',
    `${ZONE}[master]\n[store]\nkind = "postgres"\n`,
    'line 3: store.url_file: exactly one of url_file and url_env is needed',
  ],
  [
    'a store in PostgreSQL with a path',
    `${ZONE}[master]\n[store]\nkind = "postgres"\nurl_env = "A"\npath = "b"\n`,
    'line 6: store.path: kind = "postgres" has an address and no path',
  ],
  [
    'a SQLite store with an address',
    `${ZONE}[master]\n[store]\nurl_env = "A"\n`,
    'line 4: store.url_env: kind = "sqlite" has a path and no address',
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

test('the store is a file below the state, or PostgreSQL whose address is found elsewhere', () => {
  const storeOf = (text: string) => {
    const settings = parseSettings(`${ZONE}state = "/s"\n[master]\n${text}`, FOLDER)
    return settings.ok ? settings.value.store : settings.fault.map(describeSettingsFault)
  }
  assert.deepEqual(storeOf(''), { kind: 'sqlite', path: '/s/store.sqlite' })
  assert.deepEqual(storeOf('[store]\npath = "x"\n'), { kind: 'sqlite', path: '/etc/cvdnet/x' })
  assert.deepEqual(storeOf('[store]\nkind = "postgres"\nurl_file = "u"\n'), {
    kind: 'postgres',
    url: { kind: 'file', path: '/etc/cvdnet/u' },
  })
  assert.deepEqual(storeOf('[store]\nkind = "postgres"\nurl_env = "U"\n'), {
    kind: 'postgres',
    url: { kind: 'environment', name: 'U' },
  })
  assert.match(String(storeOf('[store]\nurl = "postgres://u:hunter2@h/d"\n')), /store\.url is not/)
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
network_keys = [ "a", '''
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
      'line 8: master.network_keys',
      'line 11: master.nmae is not a setting; did you mean "name"?',
      'line 12: mirror.name is missing; it',
      'line 12: mirror.conf is missing; it',
      'line 12: mirror.masters: without [[mirror.masters]] nobody may call this mirror, and without pull_every it does not pull by itself',
      'line 13: mirror.ssh.port',
    ],
  )
})

test('a hundred faults are enough', () => {
  const text = ZONE + Array.from({ length: 500 }, (_none, index) => `k${index} = 1\n`).join('')
  assert.equal(faults(text).length, 100)
})

test('law: no text makes it throw', () => {
  const words = ['zone', 'master', '__proto__', '"""', '[[', ']]']
  const piece = fc.constantFrom(...words, ...`="'[]\n. 1{},#\\`)
  const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(fc.oneof(text, fc.string()), (one) => void faults(one)),
    { numRuns: 3000 },
  )
})
