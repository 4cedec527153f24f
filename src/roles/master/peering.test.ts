import assert from 'node:assert/strict'
import { cp, mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ReleaseFolder } from '#adapters/disk/index.ts'
import { MemoryState, MemoryStore } from '#adapters/memory/index.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { epochMs } from '#base/time.ts'
import type { MasterRecord } from '#core/mirrors/index.ts'
import type { Head } from '#ports/store.ts'
import { plainSigner, publishRelease } from '../../../test/support/publish-release.ts'
import { aMaster } from '../../../test/support/records.ts'
import type { FetchFault } from './fetch-peer-tree.ts'
import { Peering, type PeeringOptions } from './peering.ts'
import type { FoundPeer } from './peers.ts'

const clock = { now: () => epochMs(1_700_000_000_000), sleep: () => Promise.resolve() }

/** This master is at release 2; `rsync2` and `rsync3` are at release 4 or wherever the test says. */
async function threeMasters(more: {
  readonly reached: Readonly<Record<string, number | undefined>>
  readonly fetch?: (peer: string, tree: string) => Promise<Outcome<string, FetchFault>>
}) {
  const base = await mkdtempDisposable(join(tmpdir(), 'cvdnet-peering-'))
  const own = join(base.path, 'own')
  await publishRelease(own, 2)
  const releases = await ReleaseFolder.open({ folder: own, signer: plainSigner, kept: 3 })
  const other = await publishRelease(join(base.path, 'other'), 4)
  const theirs = other.published
  assert.ok(theirs)
  const store = new MemoryStore(new MemoryState())
  for (const name of ['rsync1', 'rsync2', 'rsync3']) {
    assert.ok((await store.registry.masters.put(name, aMaster(name), undefined)).ok)
  }
  const head: Head = {
    release: theirs.release,
    generation: theirs.generation,
    master: 'rsync2',
    committedAt: clock.now(),
  }
  assert.ok((await store.releases.commit(head, undefined)).ok)
  const said: string[] = []
  const asked: string[] = []
  const tree = join(base.path, 'staged')
  const options: PeeringOptions = {
    self: 'rsync1',
    store,
    releases,
    clock,
    call: async (peers) => peers.map((peer) => found(peer, more.reached[peer.name])),
    fetch: async ({ name }) => {
      asked.push(name)
      await cp(theirs.folder, tree, { recursive: true })
      return more.fetch === undefined ? ok(tree) : await more.fetch(name, tree)
    },
    onEvent: (line) => said.push(line),
  }
  return {
    peering: new Peering(options),
    releases,
    store,
    said,
    asked,
    [Symbol.asyncDispose]: () => base.remove(),
  }
}

function found(master: MasterRecord, at: number | undefined): FoundPeer {
  const { name, isOut } = master
  if (at === undefined) {
    return { name, isOut, master, serial: undefined, word: undefined, reason: 'no route' }
  }
  const word = { name, serial: at, generation: at } as FoundPeer['word']
  return { name, isOut, master, serial: word?.serial, word, reason: undefined }
}

test('R106: what another master published becomes public here, from the one that published it', async () => {
  await using masters = await threeMasters({ reached: { rsync2: 4, rsync3: 4 } })
  assert.deepEqual(await masters.peering.catchUp(), { kind: 'adopted', from: 'rsync2' })
  assert.equal(masters.releases.published?.release.serial, 4)
  assert.deepEqual(masters.asked, ['rsync2'])
  const [entry] = await masters.store.journal.read({ limit: 1 })
  assert.equal(entry?.what, 'adopted')
  assert.deepEqual(await masters.peering.catchUp(), { kind: 'current' })
})

test('with the publisher away, any other master that has it will do', async () => {
  await using masters = await threeMasters({ reached: { rsync2: undefined, rsync3: 4 } })
  assert.deepEqual(await masters.peering.catchUp(), { kind: 'adopted', from: 'rsync3' })
})

test('nobody in reach has it: this master knows that it is behind, and why', async () => {
  await using masters = await threeMasters({ reached: { rsync2: undefined, rsync3: 3 } })
  const end = await masters.peering.catchUp()
  assert.equal(end.kind, 'behind')
  assert.ok(end.kind === 'behind')
  assert.equal(end.head.release.serial, 4)
  assert.deepEqual(end.reasons, ['rsync2: no route', 'rsync3: it has release 3 only'])
  assert.equal(masters.releases.published?.release.serial, 2)
})

test('a peer whose tree does not verify is told of loudly, and the next one is asked', async () => {
  await using masters = await threeMasters({
    reached: { rsync2: 4, rsync3: 4 },
    fetch: async (peer, tree) =>
      peer === 'rsync2' ? fail({ kind: 'not-verified', reasons: ['daily.cvd differs'] }) : ok(tree),
  })
  assert.deepEqual(await masters.peering.catchUp(), { kind: 'adopted', from: 'rsync3' })
  assert.match(
    masters.said.join('\n'),
    /ALARM: release 4 from rsync2 is not right: daily\.cvd differs/,
  )
})

test('a peer that cannot be pulled from is no reason to give up, nor is one that publishes all the time to go on for ever', async () => {
  await using broken = await threeMasters({
    reached: { rsync2: 4, rsync3: 4 },
    fetch: async (peer, tree) => {
      if (peer === 'rsync2') throw new Error('Cannot pull: timed out')
      return ok(tree)
    },
  })
  assert.deepEqual(await broken.peering.catchUp(), { kind: 'adopted', from: 'rsync3' })
  await using busy = await threeMasters({
    reached: { rsync2: 4 },
    fetch: async () => fail({ kind: 'other-tree', serial: 5, generation: 9 }),
  })
  const end = await busy.peering.catchUp()
  assert.equal(end.kind, 'behind')
  assert.equal(busy.asked.length, 3)
})
