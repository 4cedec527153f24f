/** One serial for one content, whichever name server is asked (RFC 1982, RFC 5936). */
import { createHash } from 'node:crypto'
import { type JsonCodec, jsonCodec, listOf, object, textThat, whole } from '#base/json.ts'
import { isSerialAfter } from './agree.ts'
import { transferTime } from './records.ts'
import type { ZoneSnapshot } from './snapshot.ts'
import { printSnapshot } from './snapshot-json.ts'

/** A serial, and the one content that it was ever given to. */
export interface NamedContent {
  readonly serial: number
  /** SHA-256, 64 hexadecimal digits. */
  readonly digest: string
}

/** What name servers tell each other through the store: the newest last, the serials rising. */
export interface ZoneSerials {
  readonly named: readonly NamedContent[]
}

/** What a server does: take a serial that the content has, or write `next` first, and nothing when somebody else wrote. */
export type SerialDecision =
  | { readonly kind: 'take'; readonly serial: number }
  | { readonly kind: 'claim'; readonly serial: number; readonly next: ZoneSerials }

/** A server that reads a minute late still finds its content, while the zone changes every few seconds. */
const NAMED_MAX = 16
const SERIAL_MAX = 0xffff_ffff

export const serialsCodec: JsonCodec<ZoneSerials> = jsonCodec(
  object({
    named: listOf(
      object({
        serial: whole(0, SERIAL_MAX),
        digest: textThat('a SHA-256 in hexadecimal digits', (text) => /^[0-9a-f]{64}$/.test(text)),
      }),
      NAMED_MAX,
    ),
  }),
)

/** Of everything that answers and transfers rest on besides the serial, the time in transfers included. */
export function contentDigest(snapshot: ZoneSnapshot): string {
  const content = printSnapshot({ ...snapshot, serial: 0, heardAt: transferTime(snapshot) })
  return createHash('sha256').update(content).digest('hex')
}

/**
 * `told` is what this server answers from already: its own serial never goes down, and stays while its content stays,
 * so that two servers whose settings differ do not drive each other. What the store forgot, as when it was restored from
 * a backup, is told it again.
 */
export function decideSerial(
  { named }: ZoneSerials,
  digest: string,
  told: NamedContent | undefined,
  seconds: number,
): SerialDecision {
  const known = named.find((one) => one.digest === digest)
  const newest = named.at(-1)
  if (known !== undefined && isFit(known, told)) return { kind: 'take', serial: known.serial }
  if (told?.digest === digest) {
    if (newest === undefined || isSerialAfter(told.serial, newest.serial)) {
      return claim(named, digest, told.serial)
    }
    const isOthers = named.some(({ serial }) => serial === told.serial)
    // So much came since from others that ours is no longer remembered.
    if (known === undefined && !isOthers) return { kind: 'take', serial: told.serial }
  }
  const below = [newest?.serial, told?.serial].filter((serial) => serial !== undefined)
  const serial = below.reduce(
    (best, one) => (isSerialAfter(best, one) ? best : (one + 1) >>> 0),
    seconds >>> 0,
  )
  return claim(named, digest, serial)
}

/** A content that came back has a serial that is too low: secondaries would not see it come. */
function isFit(known: NamedContent, told: NamedContent | undefined): boolean {
  if (told === undefined || isSerialAfter(known.serial, told.serial)) return true
  return known.serial === told.serial && known.digest === told.digest
}

function claim(named: readonly NamedContent[], digest: string, serial: number): SerialDecision {
  const others = named.filter((one) => one.digest !== digest)
  return {
    kind: 'claim',
    serial,
    next: { named: [...others, { serial, digest }].slice(-NAMED_MAX) },
  }
}
