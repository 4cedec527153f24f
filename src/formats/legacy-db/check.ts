import { toLatin1 } from '#base/bytes.ts'
import { LEGACY_LINE_BYTES_MAX, type LegacyLineFault, parseLegacyLine } from './line.ts'

/** A whole `viruses.db` or `viruses.db2`, checked line by line in a stream. It is good when `faults` is empty. */
export interface LegacyCheck {
  readonly signatures: number
  /** As many as anybody reads, up to `LEGACY_FAULTS_MAX`. */
  readonly faults: readonly LegacyFault[]
}

export type LegacyFault = { readonly line: number } & (
  | LegacyLineFault
  | { readonly kind: 'no-line-end' }
)

/** Nobody reads more, and a hostile file could make any number of them. */
export const LEGACY_FAULTS_MAX = 50
const LF = 0x0a

export async function checkLegacy(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<LegacyCheck> {
  const faults: LegacyFault[] = []
  let line = 0
  let signatures = 0
  let carry: Uint8Array = new Uint8Array(0)
  const look = (bytes: Uint8Array) => {
    line += 1
    const parsed = parseLegacyLine(toLatin1(bytes))
    if (parsed.ok) signatures += 1
    else if (faults.length < LEGACY_FAULTS_MAX) faults.push({ line, ...parsed.fault })
  }
  for await (const chunk of chunks) {
    let at = 0
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, at)) {
      look(carry.byteLength > 0 ? joined(carry, chunk.subarray(0, end)) : chunk.subarray(at, end))
      carry = carry.subarray(0, 0)
      at = end + 1
    }
    carry = joined(carry, chunk.subarray(at))
  }
  if (carry.byteLength > 0) {
    look(carry)
    if (faults.length < LEGACY_FAULTS_MAX) faults.push({ line, kind: 'no-line-end' })
  }
  return { signatures, faults }
}

/** A copy, and never much longer than a line may be: what is cut off belongs to a line that is too long already. */
function joined(carry: Uint8Array, more: Uint8Array): Uint8Array {
  const room = LEGACY_LINE_BYTES_MAX + 1 - carry.byteLength
  return Buffer.concat([carry, more.subarray(0, room)])
}
