import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ClientsyncConf, parseClientsyncConf } from './conf.ts'
import { resolveMaster } from './master.ts'
import { describeClientsyncConfFault, printClientsyncConf } from './print.ts'

const HOME = '/home/clamavdb'
const LOGIN = 'RSYNC_USER=u\nRSYNC_PASSWORD=p\n'

function read(text: string): ClientsyncConf {
  const conf = parseClientsyncConf(text, { home: HOME })
  assert.ok(conf.ok, conf.ok ? '' : conf.fault.map(describeClientsyncConfFault).join('\n'))
  return conf.value
}

test('the historical sample is read', () => {
  const conf = read(
    '# clam-clientsync.conf\n\nTO=~/public_html\nRSYNC_USER="mirror1"\nRSYNC_PASSWORD=\'s$e"c\'\nEXCLUDE="--exclude local_*"\n',
  )
  assert.equal(conf.to, '/home/clamavdb/public_html')
  assert.equal(conf.rsyncUser, 'mirror1')
  assert.equal(conf.rsyncPassword, 's$e"c')
  assert.deepEqual(conf.exclude, ['local_*'])
  assert.equal(conf.module, 'clamavdb')
  assert.equal(conf.rsyncPort, 873)
})

const VALUES: readonly (readonly [string, string, string])[] = [
  ['bare', 'X=a', 'a'],
  ['empty', 'X=', ''],
  ['exported', 'export X=a', 'a'],
  ['exported later', 'X=a\nexport X', 'a'],
  ['after blanks', ' \t X=a', 'a'],
  ['before a comment', 'X=a # said', 'a'],
  ['with a # inside a word', 'X=a#b', 'a#b'],
  ['two on a line', 'Y=1 X=a$Y', 'a1'],
  ['assigned twice', 'X=a\nX=b', 'b'],
  ['assigned twice, the second adding', 'X=a\nX="$X b"', 'a b'],
  ['in parts', `X=a'b c'"d e"f\\ g`, 'ab cd ef g'],
  ['with HOME', 'X=$HOME/a', `${HOME}/a`],
  ['with HOME in braces and quotes', `X="\${HOME}a"`, `${HOME}a`],
  ['with HOME in single quotes', "X='$HOME'", '$HOME'],
  ['with a tilde', 'X=~/a', `${HOME}/a`],
  ['with a quoted tilde', 'X="~/a"', '~/a'],
  ['with a backslash that keeps its place', 'X="a\\b"', 'a\\b'],
  ['with a backslash that gives way', 'X="a\\"\\$b"', 'a"$b'],
  ['with a dollar that stands for itself', 'X="a$ b$"', 'a$ b$'],
  ['over two lines', 'X=a\\\nb', 'ab'],
  ['without a last LF', 'Y=1\nX=a', 'a'],
]
for (const [situation, text, value] of VALUES) {
  test(`a value ${situation} is what a shell would give`, () => {
    assert.equal(read(`TO=/t\n${LOGIN}${text}`).others.get('X'), value)
  })
}

const FAULTS: readonly (readonly [string, string, string])[] = [
  ['a command', 'rm -rf /', 'not-an-assignment'],
  ['a blank before =', 'X =a', 'not-an-assignment'],
  ['a second word', 'X=a b', 'not-an-assignment'],
  ['backticks', 'X=`id`', 'command-substitution'],
  ['backticks in quotes', 'X="`id`"', 'command-substitution'],
  ['$( )', 'X=$(id)', 'command-substitution'],
  ['$( ) in quotes', 'X="$(id)"', 'command-substitution'],
  ['a semicolon', 'X=a; id', 'shell-operator'],
  ['a pipe', 'X=a | id', 'shell-operator'],
  ['an ampersand', 'X=a&', 'shell-operator'],
  ['an array', 'X=(a)', 'shell-operator'],
  ['a default', `X=\${Y:-a}`, 'parameter-expansion'],
  ['$$', 'X=$$', 'parameter-expansion'],
  ["$'…'", "X=$'a'", 'parameter-expansion'],
  ['a name never set', 'X=$NEVER', 'unknown-variable'],
  ["another user's home", 'X=~root/a', 'home-of-another-user'],
  ['an open single quote', "X='a", 'open-quote'],
  ['an open double quote', 'X="a', 'open-quote'],
  ['a backslash at the end', 'X=a\\', 'trailing-backslash'],
  ['CRLF', 'X=a\r', 'control-character'],
  ['NUL', 'X=\0', 'control-character'],
]
for (const [situation, line, kind] of FAULTS) {
  test(`${situation} is refused as ${kind}, on its line`, () => {
    const conf = parseClientsyncConf(`TO=/t\n${LOGIN}\n${line}`, { home: HOME })
    assert.deepEqual(conf, { ok: false, fault: [{ kind, line: 5 }] })
  })
}

test('all faults are told at once, each with its line, and no value is repeated', () => {
  const text =
    'TO=relative\nRSYNC_PASSWORD=my secret\nRSYNC_PORT=0\nX=`id`\nEXCLUDE="--delete"\nMASTERS="a"\n'
  const conf = parseClientsyncConf(text, { home: HOME })
  assert.ok(!conf.ok)
  assert.deepEqual(
    conf.fault.map((fault) => [fault.line, fault.kind, 'key' in fault ? fault.key : '']),
    [
      [1, 'bad-value', 'TO'],
      [2, 'not-an-assignment', ''],
      [3, 'bad-value', 'RSYNC_PORT'],
      [4, 'command-substitution', ''],
      [5, 'bad-value', 'EXCLUDE'],
      [6, 'bad-value', 'MASTERS'],
      [7, 'missing', 'RSYNC_USER'],
    ],
  )
  assert.ok(!conf.fault.map(describeClientsyncConfFault).join().includes('secret'))
})

test('the document root is never the root folder, by whatever spelling', () => {
  for (const to of ['/', '//', '/.', '/a/..', '.', '']) {
    assert.ok(!parseClientsyncConf(`TO=${to}\n${LOGIN}`, { home: HOME }).ok, to)
  }
})

const EXCLUDES: readonly (readonly [string, readonly string[] | undefined])[] = [
  ['', []],
  ["--exclude local_* --exclude 'my files'", ['local_*', 'my files']],
  ['--exclude=a --exclude="b c"', ['a', 'b c']],
  ['--exclude a\\ b', ['a b']],
  ['--exclude', undefined],
  ['--exclude=', undefined],
  ['--delete', undefined],
  ['local_*', undefined],
  ["--exclude 'a", undefined],
  ['--exclude !', undefined],
  ["--exclude '+ a'", undefined],
]
for (const [value, patterns] of EXCLUDES) {
  test(`EXCLUDE of «${value}» means ${patterns?.join(' and ') ?? 'a fault'}`, () => {
    const quoted = value.replaceAll("'", `'\\''`)
    const conf = parseClientsyncConf(`TO=/t\n${LOGIN}EXCLUDE='${quoted}'`, { home: HOME })
    assert.deepEqual(conf.ok ? conf.value.exclude : undefined, patterns)
  })
}

test('a master is a name of ours, or a host with or without a port', () => {
  const conf = read(
    `TO=/t\n${LOGIN}MASTERS="rsync1=127.0.0.1:40873 rsync2=[::1]"\nRSYNC_PORT=874\n`,
  )
  const found = (given: string) => resolveMaster(conf, given)
  assert.deepEqual(found('rsync1'), {
    ok: true,
    value: { name: 'rsync1', host: '127.0.0.1', port: 40873 },
  })
  assert.deepEqual(found('rsync2'), { ok: true, value: { name: 'rsync2', host: '::1', port: 874 } })
  assert.deepEqual(found('h.example:9'), {
    ok: true,
    value: { name: 'h.example:9', host: 'h.example', port: 9 },
  })
  assert.deepEqual(found('[::1]:9'), { ok: true, value: { name: '[::1]:9', host: '::1', port: 9 } })
  for (const given of ['', '-e', 'a b', 'h:0', 'h:70000', 'a@b', 'h/m', '::1', '[a]', '$(id)']) {
    assert.deepEqual(found(given), {
      ok: false,
      fault: { kind: 'not-a-master', known: ['rsync1', 'rsync2'] },
    })
  }
})

const path = fc.stringMatching(/^\/[a-zA-Z0-9'" $`\\é*]{1,12}$/)
const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/)
const place = fc.record(
  {
    host: fc.constantFrom('a.example', '127.0.0.1', '2001:db8::1'),
    port: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
  },
  { noNullPrototype: true },
)
const anyConf: fc.Arbitrary<ClientsyncConf> = fc.record(
  {
    to: path,
    rsyncUser: word,
    rsyncPassword: fc.stringMatching(/^[a-z'"$`\\;# é]{1,12}$/),
    exclude: fc.array(fc.stringMatching(/^[a-z'"$`\\*é][a-z'"$`\\* é]{0,8}$/), { maxLength: 3 }),
    module: word,
    masters: fc.array(fc.tuple(word, place), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    rsyncPort: fc.integer({ min: 1, max: 65_535 }),
    proxy: fc.constantFrom(undefined, 'http://proxy.example:3128', 'http://a:b%27@[::1]/'),
    upstream: fc.array(fc.webUrl(), { maxLength: 2 }),
    tufRoot: fc.option(path, { nil: undefined }),
    publisherKeys: fc.array(fc.stringMatching(/^\/[a-z'$]{1,8}$/), { maxLength: 2 }),
    state: fc.option(path, { nil: undefined }),
    bandwidthKib: fc.option(fc.integer({ min: 1, max: 122_070_312 }), { nil: undefined }),
    others: fc.constant(new Map([['EXTRA', "it's $HOME"]])),
  },
  { noNullPrototype: true },
)

test('law: whatever prints reads back', () => {
  fc.assert(
    fc.property(anyConf, (conf) => {
      assert.deepEqual(read(printClientsyncConf(conf)), conf)
    }),
  )
})

test('law: no text makes the parser throw', () => {
  const shellish = fc.string({ unit: fc.constantFrom(...'X=a \n\\\'"$`~#{}();:!'), maxLength: 60 })
  fc.assert(
    fc.property(fc.oneof(fc.string(), shellish), (text) => {
      parseClientsyncConf(text, { home: HOME })
    }),
    { numRuns: 2000 },
  )
})

test('a limit is a number of KiB from one on', () => {
  assert.equal(read(`TO=/t\n${LOGIN}BWLIMIT=250`).bandwidthKib, 250)
  for (const bad of ['0', '-1', '1.5', '250k', '122070313', '$(id)']) {
    const conf = parseClientsyncConf(`TO=/t\n${LOGIN}BWLIMIT='${bad}'`, { home: HOME })
    const [fault] = conf.ok ? [] : conf.fault
    assert.deepEqual(
      fault?.kind === 'bad-value' && [fault.line, fault.key, fault.wanted],
      [4, 'BWLIMIT', 'KiB a second, from 1 to 122070312'],
      bad,
    )
  }
})
