/** A master that follows what servers on loopback have, and looks all the time. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtempDisposable, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryStore } from '#adapters/memory/index.ts'
import { makeNetworkKeys } from '#adapters/tuf/index.ts'
import { epochMs } from '#base/time.ts'
import type { PublisherSecrets } from '#formats/dsig/index.ts'
import { publicKeys } from '#formats/dsig/index.ts'
import type { Store } from '#ports/store.ts'
import { type MasterPublisher, startMaster, type UpstreamOptions } from '#roles/master/index.ts'
import { freePort } from '../../dev/demo/layout.ts'
import type { acmeVersions } from './acme-versions.ts'
import { lyingUpstream } from './lying-upstream.ts'
import { eventually } from './run.ts'
import { aName } from './values.ts'

export interface FollowingOptions {
  readonly servers: readonly string[]
  /** Of the publisher whose databases are followed. */
  readonly secrets: PublisherSecrets
  readonly folder: string
  readonly name?: string
  readonly databases?: readonly string[]
  readonly store?: Store
  readonly publisher?: Partial<MasterPublisher>
  readonly upstream?: Partial<UpstreamOptions>
}

export async function aFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  return await mkdtempDisposable(join(tmpdir(), 'cvdnet-follow-'))
}

export async function followingMaster(given: FollowingOptions) {
  const { folder, servers, secrets, databases = ['acme'], name = 'rsync1' } = given
  const networkKeys = join(folder, 'network')
  // Made once, however often and by whatever name it starts.
  if (!existsSync(networkKeys)) await makeNetworkKeys(networkKeys, epochMs(Date.now()))
  const store = given.store ?? new MemoryStore()
  const said: string[] = []
  const master = await startMaster({
    name,
    zone: 'clamav.test',
    state: join(folder, name),
    address: '127.0.0.1',
    // Masters tell each other where they are only when they know it before.
    ssh: { host: '127.0.0.1', port: await freePort(['127.0.0.1']) },
    rsync: { host: '127.0.0.1', port: await freePort(['127.0.0.1']) },
    module: 'clamavdb',
    releasesKept: 5,
    uploadLimits: { fileBytesMax: 1, folderBytesMax: 1, filesMax: 1 },
    push: {
      parallel: 1,
      connectTimeoutMs: 5_000,
      syncTimeoutMs: 1,
      retries: 0,
      retryBaseMs: 1,
      retryMaxMs: 1,
      canary: false,
    },
    timestampEveryMs: 3_600_000,
    sigmakers: [],
    mirrors: [],
    publishers: [{ keys: publicKeys(secrets), always: [], ...given.publisher }],
    networkKeys,
    store,
    upstream: {
      servers,
      databases: databases.map(aName),
      updateRecord: undefined,
      everyMs: 200,
      agent: undefined,
      version: '0',
      proxy: undefined,
      ...given.upstream,
    },
    onEvent: (line) => said.push(line),
  })
  return {
    said,
    store,
    state: join(folder, name),
    versionOf: (database: string): number | undefined => {
      const file = master.published()?.release.files.get(`${database}.cvd`)
      return file?.kind === 'database' ? file.version : undefined
    },
    files: (): readonly string[] => [...(master.published()?.release.files.keys() ?? [])],
    path: (file: string) => join(master.published()?.folder ?? '', file),
    [Symbol.asyncDispose]: () => master[Symbol.asyncDispose](),
  }
}

export type Acme = Awaited<ReturnType<typeof acmeVersions>>
type Master = Awaited<ReturnType<typeof followingMaster>>

export async function has(master: Master, version: number, database = 'acme'): Promise<void> {
  await eventually(async () =>
    assert.equal(master.versionOf(database), version, master.said.join('\n')),
  )
}

/** What it says comes after what it shows. */
export async function says(master: Master, words: RegExp): Promise<void> {
  await eventually(async () => assert.match(master.said.join('\n'), words))
}

interface FollowingMore extends Partial<FollowingOptions> {
  /** Version that the upstream begins with. */
  readonly first?: number
  /** Servers that are asked before it. */
  readonly before?: readonly string[]
}

/** A master that has started to follow an upstream. */
export async function following(
  acme: Acme,
  { first = 1, before = [], ...more }: FollowingMore = {},
) {
  await using starting = new AsyncDisposableStack()
  const folder = starting.use(await aFolder())
  const upstream = starting.use(await lyingUpstream({ 'acme.cvd': acme.cvd(first) }))
  const given = {
    servers: [...before, upstream.url],
    secrets: acme.secrets,
    folder: folder.path,
    store: new MemoryStore(),
    ...more,
  }
  let master = await followingMaster(given)
  starting.defer(() => master[Symbol.asyncDispose]())
  const owned = starting.move()
  return {
    upstream,
    get master() {
      return master
    },
    store: given.store,
    patches: () => master.files().filter((file) => file.endsWith('.cdiff')),
    said: () => master.said.join('\n'),
    restart: async (other: Partial<FollowingOptions> = {}) => {
      await master[Symbol.asyncDispose]()
      master = await followingMaster({ ...given, ...other })
    },
    /** A few more looks have come and gone. */
    looks: async () => {
      const seen = new Set<string>()
      await eventually(async () => {
        seen.add(await readFile(join(master.state, 'upstream', 'memory.json'), 'utf8'))
        assert.ok(seen.size > 3)
      })
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
