import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { epochMs } from '#base/time.ts'
import { parseLogLine } from './parse.ts'
import { type LoggedRequest, printLogLine } from './print.ts'

const CHECK: LoggedRequest = {
  at: epochMs(Date.UTC(2026, 10, 24, 13, 20, 7)),
  from: '192.0.2.7',
  method: 'GET',
  target: '/daily.cvd',
  protocol: 'HTTP/1.1',
  status: 206,
  bytesSent: 512,
  referer: '',
  agent: 'ClamAV/1.4.6 (OS: Linux)',
}
const LINE =
  '192.0.2.7 - - [24/Nov/2026:13:20:07 +0000] "GET /daily.cvd HTTP/1.1" 206 512 "-" "ClamAV/1.4.6 (OS: Linux)"'

test('a request is one line of the combined format, and is read back', () => {
  assert.equal(printLogLine(CHECK), `${LINE}\n`)
  assert.deepEqual(parseLogLine(LINE), CHECK)
})

test('lines of other servers are read: names, zones, dashes, more fields, the common format', () => {
  const read = (line: string) => parseLogLine(line)
  const zone = read(
    '2001:db8::1 - john doe [24/Nov/2026:15:20:07 +0200] "GET / HTTP/1.0" 200 - "-" "-" "more"',
  )
  assert.deepEqual([zone?.at, zone?.bytesSent, zone?.agent], [CHECK.at, 0, ''])
  const common = read('192.0.2.7 - - [24/Nov/2026:13:20:07 +0000] "GET /x HTTP/1.1" 304 0')
  assert.deepEqual([common?.status, common?.target, common?.agent], [304, '/x', ''])
  const west = read('h - - [24/Nov/2026:08:50:07 -0430] "GET /x HTTP/1.1" 200 1 "-" "a"')
  assert.equal(west?.at, CHECK.at)
  const quoted = read(
    'h - - [24/Nov/2026:13:20:07 +0000] "GET /a\\"b HTTP/1.1" 404 1 "-" "x \\"y\\" \\\\"',
  )
  assert.deepEqual([quoted?.target, quoted?.agent], ['/a\\"b', 'x \\"y\\" \\\\'])
  const garbage = read('h - - [24/Nov/2026:13:20:07 +0000] "\\x16\\x03" 400 0 "-" "-"')
  assert.deepEqual([garbage?.method, garbage?.status], ['', 400])
})

test('what is no such line is undefined', () => {
  for (const line of [
    '',
    ' ',
    '-',
    LINE.slice(0, 40),
    LINE.slice(0, 60),
    LINE.replace('Nov', 'Foo'),
    'x'.repeat(300),
  ]) {
    assert.equal(parseLogLine(line), undefined, line)
  }
})

test('no text of a client makes a second line or another field', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 })
  fc.assert(
    fc.property(text, text, text, (target, agent, referer) => {
      const line = printLogLine({ ...CHECK, target: `/${target}`, agent, referer })
      assert.match(line, /^[\x20-\x7e]+\n$/)
      const read = parseLogLine(line.slice(0, -1))
      assert.equal(read?.bytesSent, 512)
      assert.equal(read?.status, 206)
      assert.equal(read?.from, CHECK.from)
    }),
  )
})

test('no line whatever makes it throw', () => {
  const part = fc.constantFrom(
    ' ',
    '"',
    '[',
    ']',
    '\\',
    '-',
    '24/Nov/2026:13:20:07 +0000',
    'GET /',
    '200',
    '\0',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(part).map((all) => all.join('')),
      ),
      (line) => {
        parseLogLine(line)
      },
    ),
  )
})
