import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  CONF_CHARS_MAX,
  describeConfFault,
  describeConfRemark,
  type FreshclamConf,
  optionLine,
  parseFreshclamConf,
  printFreshclamConf,
} from './conf.ts'
import { FRESHCLAM_OPTIONS } from './options.ts'
import { boolOf, describeNoServer, numberOf, serversOf, textOf, textsOf } from './settings.ts'

function confOf(text: string): FreshclamConf {
  const conf = parseFreshclamConf(text)
  assert.ok(conf.ok, JSON.stringify(conf))
  return conf.value
}

const VALUES: readonly (readonly [string, string, string | undefined])[] = [
  ['a plain value', 'UpdateLogFile /var/log/a', '/var/log/a'],
  ['blanks inside', 'UpdateLogFile /var/log/a b', '/var/log/a b'],
  ['blanks around', '  UpdateLogFile    /var/log/a \t ', '/var/log/a'],
  ['a tab between', 'UpdateLogFile\t/var/log/a', '/var/log/a'],
  ['quotes', 'UpdateLogFile " /var/log/a b "', ' /var/log/a b '],
  ['something behind the quotes', 'UpdateLogFile "/var/log/a" rest', '/var/log/a'],
  ['a quote inside', 'UpdateLogFile /var/log"a', '/var/log"a'],
  ['single quotes, which are none', "UpdateLogFile '/a b'", "'/a b'"],
  ['a backslash', 'UpdateLogFile /a\\b', '/a\\b'],
  ['a hash, which starts no comment', 'UpdateLogFile /a #b', '/a #b'],
  ['the first of two', 'UpdateLogFile /a\nUpdateLogFile /b', '/a'],
  ['a comment', '# UpdateLogFile /a', undefined],
  ['an indented comment', '  #UpdateLogFile /a', undefined],
  ['a line of one character', 'U', undefined],
]
for (const [situation, text, value] of VALUES) {
  test(`freshclam.conf: ${situation} is read as freshclam reads it`, () => {
    assert.equal(textOf(confOf(`${text}\n`), 'UpdateLogFile'), value)
  })
}

const REFUSED: readonly (readonly [string, string, string])[] = [
  ['Example', 'Example', 'example'],
  ['a word that starts with Example', 'ExampleX yes', 'example'],
  ['an option without value', 'Checks', 'value-missing'],
  ['an option with an empty value', 'Checks ""', 'value-missing'],
  ['an equals sign', 'Checks=3', 'value-missing'],
  ['an open quote', 'UpdateLogFile "/a', 'quote-open'],
  ['a number that is none', 'Checks -3', 'bad-value'],
  ['a number with a comment', 'Checks 3 # three', 'bad-value'],
  ['a bool that is none', 'Debug maybe', 'bad-value'],
  ['a size that is none', 'LogFileMaxSize 2x', 'bad-value'],
  ['a CR', 'Debug yes\r', 'control-character'],
  ['a NUL', 'Debug yes\0', 'control-character'],
  ['a long line', `HTTPUserAgent ${'a'.repeat(1009)}`, 'line-too-long'],
  ['too much in it', '#'.repeat(CONF_CHARS_MAX + 1), 'too-large'],
]
for (const [situation, text, kind] of REFUSED) {
  test(`freshclam.conf with ${situation} is refused as ${kind}, with its line`, () => {
    const conf = parseFreshclamConf(`# first\n${text}\n`)
    assert.ok(!conf.ok)
    const [fault] = conf.fault
    assert.equal(fault?.kind, kind)
    if (kind !== 'too-large') assert.equal(fault?.line, 2)
    assert.notEqual(fault && describeConfFault(fault), '')
  })
}

test('all faults are told at once, and values are not repeated', () => {
  const conf = parseFreshclamConf('Checks x\nLogTime secret\nPidFile\n')
  assert.ok(!conf.ok)
  const sentences = conf.fault.map(describeConfFault)
  assert.equal(sentences.length, 3)
  assert.ok(!sentences.join('').includes('secret'))
})

test('options that we do not know, that are ignored, or that come too late are reported and kept', () => {
  const text = 'Novelty 3\nSafeBrowsing yes\nChecks 3\nChecks 4\nExtraDatabase a\nExtraDatabase b\n'
  const conf = confOf(text)
  assert.deepEqual(conf.remarks, [
    { kind: 'unknown-option', line: 1, name: 'Novelty' },
    { kind: 'deprecated-option', line: 2, name: 'SafeBrowsing' },
    { kind: 'given-before', line: 4, name: 'Checks' },
  ])
  assert.equal(new Set(conf.remarks.map(describeConfRemark)).size, 3)
  assert.equal(printFreshclamConf(conf), text)
  assert.equal(numberOf(conf, 'Checks'), 3)
  assert.deepEqual(textsOf(conf, 'ExtraDatabase'), ['a', 'b'])
})

test('values have their types and defaults', () => {
  const none = confOf('')
  assert.deepEqual(
    [boolOf(none, 'ScriptedUpdates'), boolOf(none, 'Debug'), numberOf(none, 'MaxAttempts')],
    [true, false, 3],
  )
  assert.equal(numberOf(none, 'HTTPProxyPort'), undefined)
  assert.equal(textOf(none, 'DNSDatabaseInfo'), 'current.cvd.clamav.net')
  for (const [text, value] of [
    ['YES', true],
    ['True', true],
    ['1', true],
    ['no', false],
    ['FALSE', false],
    ['0', false],
  ] as const) {
    assert.equal(boolOf(confOf(`TestDatabases ${text}`), 'TestDatabases'), value)
  }
  for (const [text, value] of [
    ['0', 0],
    ['5', 5],
    ['2k', 2048],
    ['2M', 2_097_152],
    ['1G', 1_073_741_824],
  ] as const) {
    assert.equal(numberOf(confOf(`LogFileMaxSize ${text}`), 'LogFileMaxSize'), value)
  }
})

test('DatabaseMirror lines are public servers, in their order', () => {
  const servers = serversOf(
    confOf(
      [
        'DatabaseMirror db.de.clamav.net',
        'DatabaseMirror mirror.example.net/clamav',
        'DatabaseMirror http://127.0.0.1:8101',
        'DNSDatabaseInfo no',
        'ScriptedUpdates no',
      ].join('\n'),
    ),
  )
  assert.deepEqual(servers, {
    kind: 'public',
    urls: [
      'https://database.clamav.net',
      'https://mirror.example.net/clamav',
      'http://127.0.0.1:8101',
    ],
    recordName: 'no',
    patches: false,
  })
})

test('one PrivateMirror switches off every DatabaseMirror, the record and the patches', () => {
  const text =
    'DatabaseMirror a.example\nPrivateMirror b.example\nPrivateMirror https://c.example\n'
  const urls = ['http://b.example', 'https://c.example']
  assert.deepEqual(serversOf(confOf(text)), { kind: 'private', urls })
  for (const [bad, kind] of [
    ['PrivateMirror database.clamav.net', 'private-mirror-of-clamav'],
    ['', 'no-mirror-given'],
  ] as const) {
    const servers = serversOf(confOf(bad))
    assert.ok(servers.kind === 'none')
    assert.equal(servers.reason.kind, kind)
    assert.notEqual(describeNoServer(servers.reason), '')
  }
})

test('a line of our own says exactly its value, or there is none', () => {
  assert.equal(optionLine('PidFile', '/run/a.pid')?.text, 'PidFile /run/a.pid')
  assert.equal(optionLine('PidFile', '/run/a  b')?.text, 'PidFile "/run/a  b"')
  assert.equal(optionLine('PidFile', 'a"b c ')?.text, undefined)
  assert.equal(optionLine('PidFile', 'a\nb'), undefined)
  assert.equal(optionLine('Checks', 'many'), undefined)
  assert.equal(optionLine('PidFile', ''), undefined)
})

test('law: every text that is taken prints back byte for byte', () => {
  const names = Object.keys(FRESHCLAM_OPTIONS)
  const value = fc.string({ unit: fc.constantFrom(...'ab1 "#\t'), maxLength: 8 })
  const line = fc.oneof(
    fc.tuple(fc.constantFrom(...names, 'Other'), value).map((parts) => parts.join(' ')),
    fc.string({ maxLength: 10 }),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), fc.boolean(), (lines, ended) => {
      const text = lines.join('\n') + (ended ? '\n' : '')
      const conf = parseFreshclamConf(text)
      if (conf.ok) assert.equal(printFreshclamConf(conf.value), text)
    }),
  )
})

test('law: a line of our own reads back', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), (value) => {
      const line = optionLine('HTTPUserAgent', value)
      if (line === undefined) return
      assert.equal(textOf(confOf(printFreshclamConf({ lines: [line] })), 'HTTPUserAgent'), value)
    }),
  )
})
