/** A company's own mirror, from `mirror follow` to its fleet: it pulls by itself, and lets its clients alone in. */
import assert from 'node:assert/strict'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort } from '../../dev/demo/layout.ts'
import { follower } from '../support/follower.ts'
import { releaseFiles } from '../support/mirror-sync.ts'
import { Reloading } from '../support/reloading.ts'
import { eventually, run } from '../support/run.ts'

const PROGRAM = join(import.meta.dirname, '../../bin/cvdnet.ts')
const HOST = '127.0.0.1'

test('set up by a command it pulls, serves its clients alone, and feeds the next mirror', async () => {
  await using world = await follower()
  const { it, web } = world
  await it.publish(1, releaseFiles(it, 1))
  const home = join(it.dir, 'own')
  const port = await freePort([HOST])
  const keys = ['--keys', join(it.home, 'etc/acme.json')]
  const more = ['--zone', 'clamav.test', '--name', 'own', '--port', String(port)]
  const set = await run(process.execPath, [
    ...[PROGRAM, 'mirror', 'follow', web.url, '--here', home],
    ...keys,
    ...more,
  ])
  assert.equal(set.status, 0, set.all)
  const config = join(home, 'etc/cvdnet.toml')
  const clients = join(home, 'etc/clients')
  await writeFile(clients, '# the fleet\nfleet:sesame\n', { mode: 0o600 })
  await appendFile(config, 'clients_file = "clients"\n')
  const text = (await readFile(config, 'utf8')).replace('"::"', `"${HOST}"`)
  await using node = await Reloading.start(config, text)
  const status = async (login: string) => {
    const Authorization = `Basic ${Buffer.from(login).toString('base64')}`
    const answer = await fetch(`http://${HOST}:${port}/timestamp`, { headers: { Authorization } })
    return answer.status
  }
  await eventually(async () => assert.equal(await status('fleet:sesame'), 200))
  assert.equal(await status('fleet:wrong'), 401)
  const login = `http://fleet:sesame@${HOST}:${port}`
  await world.follow([login])
  const next = await run(process.execPath, [PROGRAM, 'clientsync', 'upstream', '--conf', it.conf])
  assert.equal(next.status, 0, next.all)
  assert.doesNotMatch(next.all, /sesame/)
  await writeFile(clients, 'fleet:changed\n')
  await node.reload(/^reloaded: mirror \(http clients\)$/m)
  assert.deepEqual([await status('fleet:sesame'), await status('fleet:changed')], [401, 200])
  await writeFile(clients, 'fleet:changed\nno password\n')
  const wrong = await node.reload(/^not reloaded|everything goes on as it was/m)
  assert.match(wrong, /clients" line 2 is not name:password/)
  assert.doesNotMatch(wrong, /changed/)
  assert.equal(await status('fleet:changed'), 200)
  assert.equal(await node.end('SIGTERM'), 0, node.said)
})
