/** What a master that follows an upstream remembers from look to look, so that a restart makes it neither ask nor fetch more. */
import { branded, jsonCodec, listOf, object, optional, type ReadBy, text } from '#base/json.ts'
import { type EpochMs, epochMs } from '#base/time.ts'

/** Guess: more lies than one upstream has in a day. The oldest are forgotten first. */
const REFUSED_MAX = 100
const NAMES_MAX = 1000

const time = branded(
  (value) => (Number.isSafeInteger(value) ? epochMs(value) : undefined),
  'milliseconds',
)

const memory = object({
  follows: text(),
  lookedAt: optional(time),
  refused: listOf(object({ header: text(), until: time }), REFUSED_MAX),
  failing: listOf(object({ name: text(), since: time }), NAMES_MAX),
})

/**
 * `follows` says by which settings it was made: what was refused under other ones may be taken now. Contents that were
 * refused go by the SHA-256 of their first 512 bytes, in which version and hash are, and are left alone until a time.
 * `failing`: since when a name could not be had.
 */
export type UpstreamMemory = ReadBy<typeof memory>

export const upstreamMemoryCodec = jsonCodec(memory)

export function emptyMemory(follows: string): UpstreamMemory {
  return { follows, lookedAt: undefined, refused: [], failing: [] }
}

export function isRefused({ refused }: UpstreamMemory, header: string, now: EpochMs): boolean {
  return refused.some((one) => one.header === header && now < one.until)
}

export function withRefused(
  before: UpstreamMemory,
  content: UpstreamMemory['refused'][number],
  now: EpochMs,
): UpstreamMemory {
  const others = before.refused.filter(
    ({ header, until }) => now < until && header !== content.header,
  )
  return { ...before, refused: [...others, content].slice(-REFUSED_MAX) }
}

/** `isFailing`: it could not be had in the look that ends now. */
export function withResult(
  before: UpstreamMemory,
  name: string,
  isFailing: boolean,
  now: EpochMs,
): UpstreamMemory {
  const others = before.failing.filter((one) => one.name !== name)
  if (!isFailing) return { ...before, failing: others }
  return { ...before, failing: [...others, { name, since: failingSince(before, name) ?? now }] }
}

export function failingSince({ failing }: UpstreamMemory, name: string): EpochMs | undefined {
  return failing.find((one) => one.name === name)?.since
}

/** Milliseconds until the next look. None where the last one lies in the future: then a clock was put back. */
export function untilNextLook(
  { lookedAt }: Pick<UpstreamMemory, 'lookedAt'>,
  everyMs: number,
  now: EpochMs,
): number {
  if (lookedAt === undefined || lookedAt > now) return 0
  return Math.max(0, lookedAt + everyMs - now)
}
