import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fail, ok } from '#base/outcome.ts'
import type { Question } from '#ports/metric.ts'
import { startMetricsServer } from './server.ts'

test('numbers are there in Prometheus’ text, with labels escaped, and nothing else is served', async () => {
  let looks = 3
  await using server = await startMetricsServer({
    host: '127.0.0.1',
    port: 0,
    sources: [
      () => [
        { name: 'cvdnet_looks_total', help: 'Looks', kind: 'counter', value: looks },
        { name: 'cvdnet_up', help: 'Up', kind: 'gauge', labels: { mirror: 'a"b\nc' }, value: 1 },
        { name: 'cvdnet_up', help: 'Up', kind: 'gauge', labels: { mirror: 'd' }, value: 0 },
      ],
    ],
  })
  const base = `http://127.0.0.1:${server.port}`
  const text = async () => await (await fetch(`${base}/metrics`)).text()
  assert.match(await text(), /# TYPE cvdnet_looks_total counter\ncvdnet_looks_total 3\n/)
  looks = 5
  const second = await text()
  assert.match(second, /cvdnet_looks_total 5\n/)
  assert.ok(second.includes('cvdnet_up{mirror="a\\"b\\nc"} 1\ncvdnet_up{mirror="d"} 0\n'))
  assert.match(second, /process_resident_memory_bytes \d+/)
  assert.equal((await fetch(`${base}/`)).status, 404)
})

test('questions are answered as JSON by their path, and a wrong one with its reason', async () => {
  await using server = await startMetricsServer({
    host: '127.0.0.1',
    port: 0,
    sources: [],
    questions: new Map<string, Question>([
      ['/asked', (query) => (query.has('no') ? fail('it says no') : ok([...query]))],
    ]),
  })
  const ask = (path: string, method = 'GET') =>
    fetch(`http://127.0.0.1:${server.port}${path}`, { method })
  assert.deepEqual(await (await ask('/asked?a=b%26c?')).json(), [['a', 'b&c?']])
  const refused = await ask('/asked?no')
  assert.equal(refused.status, 400)
  assert.deepEqual(await refused.json(), { error: 'it says no' })
  assert.equal((await ask('/asked', 'POST')).status, 404)
  assert.equal((await ask('/Asked')).status, 404)
  assert.equal((await ask('/metrics?x')).status, 404)
})

test('a source that fails is a 503 that says why', async () => {
  await using server = await startMetricsServer({
    host: '127.0.0.1',
    port: 0,
    sources: [() => Promise.reject(new Error('the store is away'))],
  })
  const reply = await fetch(`http://127.0.0.1:${server.port}/metrics`)
  assert.equal(reply.status, 503)
  assert.match(await reply.text(), /away/)
})
