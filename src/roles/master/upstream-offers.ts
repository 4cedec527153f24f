/** What servers say of a database that is newer than what is published: 512 bytes of each, which its publisher has signed. */
import { createHash } from 'node:crypto'
import { askServer, Failures } from '#adapters/database-server/index.ts'
import { toHex } from '#base/bytes.ts'
import type { DbName, DbVersion } from '#base/names.ts'
import { verifiersOf } from '#core/databases/index.ts'
import type { DatabaseFile } from '#core/release/index.ts'
import { isRefused } from '#core/upstream/index.ts'
import { type CvdHeader, HEADER_BYTES, parseHeader } from '#formats/cvd/index.ts'
import type { PublisherKeys } from '#formats/dsig/index.ts'
import type { UpstreamRun } from './upstream-world.ts'

export interface Offer {
  readonly header: CvdHeader
  /** The header as it came. */
  readonly bytes: Uint8Array
  /** Lower-case hexadecimal, of these. */
  readonly sha256: string
  /** Servers that were asked, and have something else. */
  readonly elsewhere: ReadonlySet<string>
}

export interface Offers {
  /** The newest first, each once. */
  readonly newer: readonly Offer[]
  /** Some server has something newer that was refused before. */
  readonly isHeld: boolean
  /** Some server has what is published, or something older. */
  readonly isCurrent: boolean
  readonly failures: Failures
}

interface Wanted {
  readonly name: DbName
  readonly published: DatabaseFile | undefined
  /** By the update record: whoever has it need not be compared with others. */
  readonly announced: DbVersion | undefined
  readonly keys: readonly PublisherKeys[]
}

/** All servers are asked, so that one which has stopped does not keep the network where it stands. */
export async function askOffers(
  { name, published, announced, keys }: Wanted,
  run: UpstreamRun,
): Promise<Offers> {
  const failures = new Failures()
  const read = new Map<string, ReadOffer>()
  let isCurrent = false
  const file = `${name}.cvd`
  const question = { since: published?.builtAt, signal: run.signal }
  const ask = (url: URL) => run.server.start({ url, ...question }, HEADER_BYTES)
  for (const server of run.walk.order) {
    const answer = await askServer(run, server, { file, ask })
    if (answer.kind === 'not-modified' && published !== undefined) isCurrent = true
    else if (answer.kind !== 'found') failures.note(run, { server, file }, answer)
    else {
      const offer = readOffer(answer.content, keys)
      if (typeof offer === 'string') failures.refuse(run, { server, file }, offer)
      else read.set(server, offer)
      const hasNewest = typeof offer !== 'string' && offer.header.version >= (announced ?? Infinity)
      if (hasNewest) break
    }
  }
  const now = run.clock.now()
  const isOld = ({ header }: ReadOffer) => header.version <= (published?.version ?? -1)
  const fresh = differentOnes([...read.values()].filter((offer) => !isOld(offer)))
  const newer = fresh
    .filter(({ sha256 }) => !isRefused(run.memory, sha256, now))
    .map((offer) => ({ ...offer, elsewhere: othersThan(offer, read) }))
    .toSorted((a, b) => b.header.version - a.header.version)
  return {
    newer,
    isHeld: newer.length < fresh.length,
    isCurrent: isCurrent || [...read.values()].some(isOld),
    failures,
  }
}

type ReadOffer = Omit<Offer, 'elsewhere'>

function differentOnes(offers: readonly ReadOffer[]): readonly ReadOffer[] {
  return [...new Map(offers.map((offer) => [offer.sha256, offer])).values()]
}

function othersThan(
  { sha256 }: ReadOffer,
  read: ReadonlyMap<string, ReadOffer>,
): ReadonlySet<string> {
  return new Set([...read].filter(([, other]) => other.sha256 !== sha256).map(([server]) => server))
}

/**
 * In words why it is none. Of a header only the hash of the rest is signed, not the version: the rest is examined when it is
 * here, and a portal's page or another's database is not even fetched.
 */
function readOffer(bytes: Uint8Array, keys: readonly PublisherKeys[]): ReadOffer | string {
  const header = parseHeader(bytes, 'strict')
  if (!header.ok) return 'it does not begin as a database'
  const { md5, dsig } = header.value
  const digest = Buffer.from(md5 ?? '', 'hex')
  const isSigned = verifiersOf(keys).some((one) => one.header(digest, dsig ?? ''))
  if (md5 === undefined || !isSigned) {
    return 'no publisher that counts for this database has signed its beginning'
  }
  return { header: header.value, bytes, sha256: toHex(createHash('sha256').update(bytes).digest()) }
}
