/** One database of an upstream: what is newer there is brought and handed in, and what came of it is told. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DiskError, type PublishedTree } from '#adapters/disk/index.ts'
import type { DbName } from '#base/names.ts'
import { unreachable } from '#base/outcome.ts'
import { describeReason } from '#core/gate/index.ts'
import { type DatabaseFile, databaseOf, databasePath } from '#core/release/index.ts'
import { publishersFor } from '#core/update/index.ts'
import type { FollowEnd } from '#core/upstream/index.ts'
import type { PublisherKeys } from '#formats/dsig/index.ts'
import type { SshCall } from '#ports/ssh-door.ts'
import { type Brought, bringSet } from './bring-upstream.ts'
import type { NotBrought } from './upstream-files.ts'
import { askOffers, type Offer } from './upstream-offers.ts'
import type { UpstreamRun } from './upstream-world.ts'

/** Who releases it, in the journal. */
const RELEASER = 'upstream'

/** More than one end where servers have different things and the first is not to be used. */
export async function followDatabase(
  name: DbName,
  run: UpstreamRun,
): Promise<readonly FollowEnd[]> {
  try {
    const ends = await follow(name, run)
    // What was gathered is published, here or elsewhere; a kill may have come before it was put away.
    const isOver = ends.some(({ kind }) => kind === 'up-to-date' || kind === 'released')
    if (isOver) await rm(setFolder(name, run), { recursive: true, force: true })
    return ends
  } catch (error) {
    run.signal.throwIfAborted()
    // One without a code is a bug, whose place we need.
    if (!(error instanceof Error && 'code' in error)) throw error
    const { message, cause } = error
    const isSaid = error instanceof DiskError || !(cause instanceof Error)
    return [{ kind: 'failed', reasons: [isSaid ? message : `${message} (${cause.message})`] }]
  }
}

function setFolder(name: DbName, { world }: UpstreamRun): string {
  return join(world.folder, 'sets', name)
}

async function follow(name: DbName, run: UpstreamRun): Promise<readonly FollowEnd[]> {
  const { world } = run
  const tree = world.published()
  const published = databaseOf(tree?.release, name)
  const announced = await run.announcements.newest(name)
  if (published !== undefined && announced !== undefined && announced <= published.version) {
    return [{ kind: 'up-to-date', version: published.version }]
  }
  const keys = publishersFor(
    name,
    world.publishers.map((one) => one.keys),
  )
  const offers = await askOffers({ name, published, announced, keys }, run)
  if (offers.newer.length === 0) {
    if (offers.isHeld) return [{ kind: 'held' }]
    if (published !== undefined && offers.isCurrent) {
      return [{ kind: 'up-to-date', version: published.version }]
    }
    return [notHad({ file: databasePath(name), failures: offers.failures }, run)]
  }
  const ends: FollowEnd[] = []
  for (const offer of offers.newer) {
    const end = await take(name, offer, { published, tree, keys }, run)
    ends.push(end)
    if (end.kind === 'released' || end.kind === 'up-to-date') break
  }
  return ends
}

function notHad({ file, failures }: NotBrought, run: UpstreamRun): FollowEnd {
  const end = failures.end(file, run)
  return end.kind === 'refused' ? { kind: 'unusable', reasons: end.reasons } : end
}

interface Here {
  readonly published: DatabaseFile | undefined
  readonly tree: PublishedTree | undefined
  readonly keys: readonly PublisherKeys[]
}

async function take(
  name: DbName,
  offer: Offer,
  { published, tree, keys }: Here,
  run: UpstreamRun,
): Promise<FollowEnd> {
  const folder = setFolder(name, run)
  const base = published && tree && { ...published, tree: tree.folder }
  const brought = await bringSet({ name, published: base, keys, folder }, offer, run)
  if (brought.ok) {
    return await handIn(name, { folder, offer, from: published, ...brought.value }, run)
  }
  const { refused } = brought.fault.failures
  if (refused.length === 0) return notHad(brought.fault, run)
  const { version } = offer.header
  return { kind: 'refused', version, header: offer.sha256, by: 'examination', reasons: refused }
}

interface GatheredSet extends Brought {
  readonly folder: string
  readonly offer: Offer
  readonly from: DatabaseFile | undefined
}

/** As an account that may release this name and no other, whatever lies in the folder. */
async function handIn(
  name: DbName,
  { folder, offer, from, version, way, bytes }: GatheredSet,
  { world, signal }: UpstreamRun,
): Promise<FollowEnd> {
  const say = (line: string) => world.onEvent(`upstream: ${line.trim()}`)
  const call: SshCall = { from: RELEASER, print: say, complain: say, signal }
  const releaser = { name: RELEASER, keys: [], databases: [name] }
  const outcome = await world.handIn(releaser, folder, call)
  switch (outcome.kind) {
    case 'published':
      return { kind: 'released', from: from?.version, to: version, way, bytes }
    case 'already-published':
      return { kind: 'up-to-date', version }
    case 'refused': {
      const reasons = outcome.reasons.map(describeReason)
      return { kind: 'refused', version, header: offer.sha256, by: 'gate', reasons }
    }
    default:
      return unreachable(outcome)
  }
}
