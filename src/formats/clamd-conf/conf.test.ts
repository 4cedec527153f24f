import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ClamdConf, doorsOf, parseClamdConf } from './conf.ts'

function confOf(text: string): ClamdConf {
  const conf = parseClamdConf(text)
  assert.ok(conf.ok, JSON.stringify(conf))
  return conf.value
}

const READ: readonly (readonly [string, string, ClamdConf])[] = [
  ['nothing', '', { tcpAddresses: [], enableReloadCommand: true }],
  [
    'Debian’s own, in short',
    '#Automatically Generated\nLocalSocket /run/clamav/clamd.ctl\nLocalSocketGroup clamav\nUser clamav\n',
    { localSocket: '/run/clamav/clamd.ctl', tcpAddresses: [], enableReloadCommand: true },
  ],
  [
    'a quoted path, and the first of two',
    'LocalSocket "/run/a b" #c\nLocalSocket /run/c\n',
    { localSocket: '/run/a b', tcpAddresses: [], enableReloadCommand: true },
  ],
  [
    'several addresses, in their order',
    'TCPAddr ::1\nTCPSocket 3310\nTCPAddr 127.0.0.2\nTCPAddr scan.example\n',
    {
      tcpSocket: 3310,
      tcpAddresses: ['::1', '127.0.0.2', 'scan.example'],
      enableReloadCommand: true,
    },
  ],
  ['port 0, which is none', 'TCPSocket 0\n', { tcpAddresses: [], enableReloadCommand: true }],
  [
    'a command that is switched off',
    'EnableReloadCommand FALSE\n',
    { tcpAddresses: [], enableReloadCommand: false },
  ],
]
for (const [situation, text, conf] of READ) {
  test(`clamd.conf: ${situation} is read as clamd reads it`, () => {
    assert.deepEqual(confOf(text), conf)
  })
}

const REFUSED: readonly (readonly [string, string, string])[] = [
  ['Example', 'Example', 'example'],
  ['a port too high', 'TCPSocket 65536', 'bad-value'],
  ['a name as port', 'TCPSocket clamd', 'bad-value'],
  ['an address that is none', 'TCPAddr 127.0.0.1;reboot', 'bad-value'],
  ['a bool that is none', 'EnableReloadCommand maybe', 'bad-value'],
  ['an open quote', 'LocalSocket "/run/clamd', 'quote-open'],
  ['no value', 'LocalSocket', 'value-missing'],
  ['a CR', 'LocalSocket /run/clamd\r', 'control-character'],
]
for (const [situation, text, kind] of REFUSED) {
  test(`clamd.conf with ${situation} is refused as ${kind}, with its line`, () => {
    const conf = parseClamdConf(`# first\n${text}\n`)
    assert.ok(!conf.ok)
    assert.deepEqual(
      conf.fault.map((fault) => [fault.kind, fault.line]),
      [[kind, 2]],
    )
  })
}

test('the socket of this machine is tried first, then every address', () => {
  const text = 'TCPSocket 3310\nTCPAddr 127.0.0.2\nTCPAddr ::1\nLocalSocket /run/clamd\n'
  assert.deepEqual(doorsOf(confOf(text)), [
    { kind: 'unix', path: '/run/clamd' },
    { kind: 'tcp', host: '127.0.0.2', port: 3310 },
    { kind: 'tcp', host: '::1', port: 3310 },
  ])
  const everywhere = doorsOf(confOf('TCPSocket 3310\n'))
  assert.deepEqual(everywhere, [{ kind: 'tcp', host: 'localhost', port: 3310 }])
  assert.deepEqual(doorsOf(confOf('TCPAddr 127.0.0.2\n')), [])
})

test('law: no text makes it throw', () => {
  const name = fc.constantFrom('LocalSocket', 'TCPSocket', 'TCPAddr', 'EnableReloadCommand', 'X')
  const value = fc.string({ unit: fc.constantFrom(...'01:.a "#\t'), maxLength: 8 })
  const line = fc.oneof(
    fc.tuple(name, value).map((parts) => parts.join(' ')),
    fc.string(),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
      const conf = parseClamdConf(lines.join('\n'))
      if (conf.ok) doorsOf(conf.value)
    }),
  )
})
