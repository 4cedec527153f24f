import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { SigmakerClient } from '#adapters/ssh/index.ts'
import type { Store } from '#ports/store.ts'
import type { Master } from '#roles/master/index.ts'
import { type TestNetwork, testNetwork } from '../support/network.ts'
import { eventually, realData, without, withoutRealData } from '../support/run.ts'

const skip = without('ssh', 'rsync') || withoutRealData()
const testCvd = (version: number) => ({
  path: realData(`clamav/test-${version}.cvd`),
  as: 'test.cvd',
})
const { signal } = new AbortController()

/** What a sigmaker does on the master of that number, and what he is told. */
async function releaseOn(
  network: TestNetwork,
  number: number,
  files: readonly { readonly path: string; readonly as: string }[],
): Promise<{ readonly status: number | null; readonly said: string }> {
  const master = network.json.masters[number]
  assert.ok(master)
  const { host, sshPort: port, hostKey } = master
  const { privateKey } = network.keys.sigmaker
  const client = new SigmakerClient({ host, port, hostKey, privateKey })
  await client.upload('clamupload', files, signal)
  const lines: string[] = []
  const status = await client.notify('clamavdb', (line) => lines.push(line), signal)
  return { status, said: lines.join('\n') }
}

function serialOf(master: Master | undefined): number {
  return master?.published()?.release.serial ?? -1
}

async function untilSame(one: Master | undefined, other: Master | undefined): Promise<void> {
  await eventually(async () => {
    assert.equal(serialOf(one), serialOf(other))
    assert.equal(one?.published()?.generation, other?.published()?.generation)
  })
}

async function assertSameTree(one: Master | undefined, other: Master | undefined): Promise<void> {
  const [a = '', b = ''] = [one?.published()?.folder, other?.published()?.folder]
  const files = async (folder: string) =>
    (await readdir(folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
      .sort()
  assert.deepEqual(await files(a), await files(b))
  for (const file of await files(a)) {
    assert.deepEqual(await readFile(join(a, file)), await readFile(join(b, file)), file)
  }
}

async function servedVersion(network: TestNetwork, file: string): Promise<readonly string[]> {
  return await Promise.all(
    network.json.mirrors.map(async ({ host, httpPort }) => {
      const answer = await fetch(`http://${host}:${httpPort}/${file}`)
      return answer.ok ? ((await answer.text()).split(':')[2] ?? '') : String(answer.status)
    }),
  )
}

const lettersTo = async (store: Store): Promise<string> =>
  (await store.jobs.waiting('mail')).map(({ body }) => body).join('\n')

test('R106: what one master publishes is the same, byte for byte, on the other; each can go on', {
  skip,
}, async () => {
  await using network = await testNetwork(2, { masters: 2 })
  const [first, second] = network.masters
  await untilSame(first, second)
  await network.release([testCvd(1)])
  await untilSame(first, second)
  await assertSameTree(first, second)
  const { status, said } = await releaseOn(network, 1, [testCvd(2)])
  assert.equal(status, 0, said)
  assert.match(said, /2 of 2 mirrors serve it/)
  await untilSame(first, second)
  await assertSameTree(first, second)
  assert.deepEqual(await servedVersion(network, 'test.cvd'), ['2', '2'])
})

test('two who publish at once on two masters do so one after the other, and both are there', {
  skip,
}, async () => {
  await using network = await testNetwork(1, { masters: 2 })
  const [first, second] = network.masters
  const [a, b] = await Promise.all([
    releaseOn(network, 0, [testCvd(1)]),
    releaseOn(network, 1, [{ path: realData('clamav/bytecode.cvd'), as: 'bytecode.cvd' }]),
  ])
  assert.deepEqual([a.status, b.status], [0, 0], `${a.said}\n${b.said}`)
  await untilSame(first, second)
  assert.deepEqual([...(first?.published()?.release.files.keys() ?? [])].sort(), [
    'bytecode.cvd',
    'test.cvd',
  ])
  await eventually(async () => {
    assert.deepEqual(await servedVersion(network, 'test.cvd'), ['1'])
    assert.notDeepEqual(await servedVersion(network, 'bytecode.cvd'), ['404'])
  })
})

test('R107: with the first master down the second does the whole job, says so to the team, and the first catches up', {
  skip,
}, async () => {
  await using network = await testNetwork(1, { masters: 2 })
  const [first, second] = network.masters
  await network.release([testCvd(1)])
  await untilSame(first, second)
  await first?.[Symbol.asyncDispose]()
  const { status, said } = await releaseOn(network, 1, [testCvd(2)])
  assert.equal(status, 0, said)
  assert.deepEqual(await servedVersion(network, 'test.cvd'), ['2'])
  await eventually(async () => {
    assert.match(await lettersTo(network.store), /rsync2 is in use, rsync1 does not answer/)
  })
  const again = await network.startAgain(0)
  await untilSame(again, second)
  await assertSameTree(again, second)
})

test('R105: what only a master that is away has is not replaced by something lower', {
  skip,
}, async () => {
  await using network = await testNetwork(1, { masters: 2 })
  const [first, second] = network.masters
  await network.release([testCvd(2)])
  await untilSame(first, second)
  // The second is away while the first publishes, and back when the first is gone.
  await second?.[Symbol.asyncDispose]()
  await network.release([testCvd(4)])
  await first?.[Symbol.asyncDispose]()
  const alone = await network.startAgain(1)
  const lower = await releaseOn(network, 1, [testCvd(3)])
  assert.equal(lower.status, 3, lower.said)
  assert.match(lower.said, /rsync1 has release 2.*test\.cvd would go from 4 to 3/)
  const higher = await releaseOn(network, 1, [testCvd(5)])
  assert.equal(higher.status, 0, higher.said)
  assert.deepEqual(await servedVersion(network, 'test.cvd'), ['5'])
  const back = await network.startAgain(0)
  await untilSame(back, alone)
  await assertSameTree(back, alone)
})

test('R103, R104: one master forces the update; without the other in reach only freshness goes on, and the team hears', {
  skip,
}, async () => {
  await using network = await testNetwork(1, { masters: 2, timestampEveryMs: 1500 })
  const [first, second] = network.masters
  await network.release([testCvd(1)])
  const generation = (master: Master | undefined) => master?.published()?.generation ?? -1
  const start = generation(first)
  await eventually(async () => assert.ok(generation(first) > start + 1))
  await second?.[Symbol.asyncDispose]()
  const before = generation(first)
  await eventually(async () => {
    const held = await network.store.journal.read({ limit: 1000 })
    assert.ok(held.some(({ what }) => what === 'update-held'))
    assert.ok(generation(first) > before, 'freshness goes on')
  })
  assert.match(await lettersTo(network.store), /the six-hourly update is held back/)
})
