import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { firstText } from './first-text.ts'

test('an abort does not wait for a resolver that is silent', { timeout: 3_000 }, async (t) => {
  const silent = createSocket('udp4').bind(0, '127.0.0.1')
  t.after(() => silent.close())
  await once(silent, 'listening')
  const stop = new AbortController()
  silent.once('message', () => stop.abort(new Error('enough')))
  const servers = [`127.0.0.1:${silent.address().port}`]
  const asking = firstText('current.cvd.test', { servers, signal: stop.signal })
  await assert.rejects(asking, /^Error: enough$/)
})
