import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HEAD_BYTES_MAX } from '../limits/bounds.ts'
import { readHead } from './request-head.ts'

const get = (...fields: readonly string[]) =>
  `GET /timestamp HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`

test('blanks around a value are no part of it', () => {
  const head = readHead(get('User-Agent: \t clamav/0.70 \t', 'Range:bytes=0-511'), HEAD_BYTES_MAX)
  assert.equal(head.kind, 'plain')
  if (head.kind !== 'plain') return
  assert.equal(head.request.agent, 'clamav/0.70')
  assert.equal(head.request.conditions.range, 'bytes=0-511')
})

// Their number squared: 45 ms each, so that a few a second would have kept a core busy.
test('a head of nothing but blanks costs no more than another one of its length', () => {
  const rounds = 100
  const costs = (filling: string) => {
    const text = get(`X:${filling.repeat(8000)}\0`)
    const before = process.cpuUsage()
    for (let round = 0; round < rounds; round += 1) {
      assert.equal(readHead(text, HEAD_BYTES_MAX).kind, 'unusual')
    }
    return process.cpuUsage(before).user
  }
  costs('x')
  const [letters, blanks] = [costs('x'), costs(' ')]
  assert.ok(blanks < 20 * letters + 50_000, `${blanks} µs against ${letters} µs`)
})
