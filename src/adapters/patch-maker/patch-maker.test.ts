import assert from 'node:assert/strict'
import { existsSync, mkdtempDisposableSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readPatchFile } from '#adapters/patches/index.ts'
import { CLAMAV_KEYS, publicKeys } from '#formats/dsig/index.ts'
import { TEST_SECRETS } from '#formats/dsig/test-secrets.ts'
import { writeOwnDatabase } from '../../../test/support/own-database.ts'
import { describeMakePatchFault, makePatchInWorker, PatchMakerError } from './index.ts'

const keys = publicKeys(TEST_SECRETS)
const { signal } = new AbortController()

async function place() {
  const folder = mkdtempDisposableSync(join(tmpdir(), 'cvdnet-patch-maker-'))
  const at = (file: string) => join(folder.path, file)
  const database = (version: number, ndb: string) =>
    writeOwnDatabase(at(`${version}/acme.cvd`), TEST_SECRETS, {
      name: 'acme',
      version,
      members: { ndb },
    })
  await database(1, 'A:0:*:00\nB:0:*:01\n')
  await database(2, 'A:0:*:00\nC:0:*:02\nD:0:*:03\n')
  await database(3, 'A:0:*:00')
  const request = (from: number, to: number) => ({
    old: at(`${from}/acme.cvd`),
    fresh: at(`${to}/acme.cvd`),
    into: at(`acme-${to}.cdiff`),
    scratch: at('scratch'),
    publishers: [keys],
    secrets: TEST_SECRETS,
    signal,
  })
  return { at, request, folder, [Symbol.dispose]: () => folder.remove() }
}

test('a thread makes the signed patch from a version to the next, and leaves nothing else', async () => {
  using here = await place()
  const made = await makePatchInWorker(here.request(1, 2))
  assert.ok(made.ok, JSON.stringify(made))
  const patch = await readPatchFile(here.at('acme-2.cdiff'), { publishers: [keys], signal })
  assert.ok(patch.ok)
  assert.deepEqual([patch.value.version, patch.value.publisher], [2, 'test-publisher'])
  assert.deepEqual(readdirSync(here.folder.path).sort(), ['1', '2', '3', 'acme-2.cdiff'])
})

test('what is not the next version, not genuine, or not to be said, makes no patch', async () => {
  using here = await place()
  const faultOf = async (request: ReturnType<typeof here.request>) => {
    const made = await makePatchInWorker(request)
    assert.ok(!made.ok && !existsSync(request.into))
    assert.ok(describeMakePatchFault(made.fault).length > 10)
    assert.ok(!existsSync(here.at('scratch')))
    return made.fault.kind
  }
  assert.equal(await faultOf(here.request(1, 3)), 'not-the-next-version')
  assert.equal(await faultOf(here.request(2, 1)), 'not-the-next-version')
  assert.equal(await faultOf(here.request(2, 3)), 'not-to-be-said')
  const stranger = { ...here.request(1, 2), publishers: [CLAMAV_KEYS] }
  assert.equal(await faultOf(stranger), 'database-refused')
})

test('a database that is not there is the world’s failure, and stopping is the caller’s', async () => {
  using here = await place()
  const missing = { ...here.request(1, 2), old: here.at('none.cvd') }
  await assert.rejects(
    makePatchInWorker(missing),
    (error) => error instanceof PatchMakerError && /Cannot open .*none\.cvd/.test(error.message),
  )
  const stop = new AbortController()
  const stopped = makePatchInWorker({ ...here.request(1, 2), signal: stop.signal })
  stop.abort(new Error('enough'))
  await assert.rejects(stopped, /enough/)
  assert.ok(!existsSync(here.at('scratch')))
})
