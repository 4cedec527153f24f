import assert from 'node:assert/strict'
import { test } from 'node:test'
import { workersWorld } from '../../../../test/support/serving/workers-world.ts'

const basic = (login: string) => `Authorization: Basic ${Buffer.from(login).toString('base64')}`
const clients = [
  { name: 'fleet', password: 'one:two' },
  { name: 'fleet', password: 'the next' },
]
/** Not plain, so Node's own parser reads it. */
const UNUSUAL = 'TE: trailers'

test('where clients need a login, nobody else gets anything, on whichever path he is read', async () => {
  await using it = await workersWorld({ clients })
  for (const path of ['/daily.cvd', '/timestamp', '/', '/nothing-here', '/local_note.txt']) {
    for (const way of [[], [UNUSUAL]]) {
      const refused = await it.ask(path, ...way)
      assert.equal(refused.status, 401, `${path} ${way}`)
      assert.match(refused.fields.get('www-authenticate') ?? '', /^Basic realm=/)
      assert.ok(!refused.body.includes('ClamAV-VDB'))
      const allowed = await it.ask(path, basic('fleet:one:two'), ...way)
      assert.notEqual(allowed.status, 401, `${path} ${way}`)
    }
  }
  assert.equal((await it.ask('/daily.cvd', basic('fleet:the next'))).status, 200)
})

test('what is nearly right is wrong', async () => {
  await using it = await workersWorld({ clients })
  const right = Buffer.from('fleet:one:two').toString('base64')
  for (const field of [
    basic('fleet:one'),
    basic('fleet:one:two '),
    basic('Fleet:one:two'),
    basic('fleet'),
    basic(':'),
    basic(''),
    'Authorization:',
    'Authorization: Basic',
    `Authorization: Bearer ${right}`,
    `Authorization: ${right}`,
  ]) {
    assert.equal((await it.ask('/daily.cvd', field)).status, 401, field)
  }
  const twice = [basic('fleet:wrong'), basic('fleet:one:two')]
  assert.notEqual((await it.ask('/daily.cvd', ...twice)).status, 200, 'two fields are none')
})

test('the statistics have their own login, and that opens nothing else', async () => {
  const page = (path: string) =>
    path === '' ? { contentType: 'text/plain', body: 'numbers' } : undefined
  await using it = await workersWorld({ clients, guarded: { user: 'm', password: 'p', page } })
  assert.equal((await it.ask('/local_stats/', basic('m:p'))).status, 200)
  assert.equal((await it.ask('/local_stats/of-the-operator', basic('m:p'))).status, 404)
  assert.equal((await it.ask('/local_stats/', basic('fleet:one:two'))).status, 401)
  assert.equal((await it.ask('/daily.cvd', basic('m:p'))).status, 401)
})

test('logins follow new settings, in all threads', async () => {
  await using it = await workersWorld({ clients })
  const login = basic('fleet:one:two')
  assert.equal((await it.ask('/daily.cvd', login)).status, 200)
  await it.workers.change({ isLogged: true, clients: clients.slice(1) })
  for (let n = 0; n < 20; n++) assert.equal((await it.ask('/daily.cvd', login)).status, 401)
  await it.workers.change({ isLogged: true })
  for (let n = 0; n < 20; n++) assert.equal((await it.ask('/daily.cvd')).status, 200)
})
