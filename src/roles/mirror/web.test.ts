import assert from 'node:assert/strict'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadSnapshot } from '#adapters/http/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { makeServedTree } from '../../../test/support/serving/tree.ts'
import { Web } from './web.ts'

const AGENT = 'ClamAV/1.4.6 (OS: Linux, UUID: fd49bb29-8689-41b4-bef4-067a5557e6db)'

for (const workers of [1, 2]) {
  test(`who fetches in a loop is counted over all ports of a mirror, with ${workers} worker(s)`, async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-web-'))
    const root = join(folder.path, 'root')
    await makeServedTree(root)
    const snapshot = await loadSnapshot(root, { signal: AbortSignal.timeout(60_000) })
    const limits = { wholesAnHour: 1, retryAfterMaxMs: 600_000, workers }
    await using web = await Web.start(
      { http: { host: '127.0.0.1', port: 0, ...limits } },
      {
        mirror: 'm1',
        state: folder.path,
        localFolder: root,
        snapshot,
        clock: systemClock,
        onEvent: () => {},
      },
    )
    const whole = async () => {
      const { host, port } = web.http
      const answer = await fetch(`http://${host}:${port}/daily.cvd`, {
        headers: { 'User-Agent': AGENT },
      })
      await answer.arrayBuffer()
      return answer.status
    }
    assert.equal(await whole(), 200)
    const before = web.http.host
    await web.change({ http: { host: '127.0.0.2', port: 0, ...limits } })
    assert.notEqual(web.http.host, before)
    assert.equal(await whole(), 429)
  })
}
