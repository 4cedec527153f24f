import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '../../test/support/run.ts'

const CVDNET = join(import.meta.dirname, '../cvdnet.ts')

test('a port of [metrics] that is taken is told with its place, status 3', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-run-metrics-'))
  const config = join(folder.path, 'cvdnet.toml')
  await using taken = createServer()
  await once(taken.listen(0, '127.0.0.1'), 'listening')
  const place = taken.address()
  assert.ok(typeof place === 'object' && place !== null)
  const settings = `zone = "clamav.example"
state = "state"
[store]
path = "store.sqlite"
[monitor]
[metrics]
port = ${place.port}
`
  await writeFile(config, settings)
  const end = await run(process.execPath, [CVDNET, 'run', '--config', config])
  assert.equal(end.status, 3, end.all)
  assert.match(end.all, /\[metrics\] on 127\.0\.0\.1 port \d+ \(EADDRINUSE\)/)
})
