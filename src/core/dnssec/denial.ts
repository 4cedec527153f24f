/**
 * Compact denial of existence (RFC 9824): one record, made for the question, says that nothing stands between the name and
 * the very next one, and which types the name has. A name that is not there has none but `NXNAME`.
 */
import {
  type DnsName,
  internetRecord,
  nameToWire,
  type ResourceRecord,
  TYPE,
} from '#formats/dns-message/index.ts'
import { nsecData } from './rdata.ts'

const NAME_BYTES_MAX = 255
const LABEL_BYTES_MAX = 63
/** Capital letters count as small ones in the order of names (RFC 4034, 6.1), so they are skipped. */
const BEFORE_CAPITALS = 0x40
const AFTER_CAPITALS = 0x5b

/** `types`: what is there besides RRSIG and NSEC; undefined: there is no such name. */
export function denial(
  name: DnsName,
  types: readonly number[] | undefined,
  ttl: number,
): ResourceRecord {
  const own = types ?? [TYPE.NXNAME]
  const bytes = nsecData(nextName(nameToWire(name)), [...own, TYPE.RRSIG, TYPE.NSEC])
  return internetRecord(name, ttl, { kind: 'other', type: TYPE.NSEC, bytes })
}

/** The first name after this one in canonical order: `\000.name` where that is not too long (RFC 4471, 3.1.2). */
export function nextName(name: Uint8Array): Uint8Array {
  if (name.byteLength + 2 <= NAME_BYTES_MAX) return Buffer.concat([Buffer.of(1, 0), name])
  const length = name[0] ?? 0
  const label = name.subarray(1, 1 + length)
  const rest = name.subarray(1 + length)
  if (length < LABEL_BYTES_MAX && name.byteLength + 1 <= NAME_BYTES_MAX) {
    return withLabel([...label, 0], rest)
  }
  return increased(label, rest)
}

/** The largest last bytes are dropped, the one before them counts up; a label of only such gives way to the one above. */
function increased(label: Uint8Array, rest: Uint8Array): Uint8Array {
  const at = label.findLastIndex((byte) => byte !== 0xff)
  if (at >= 0) {
    const byte = label[at] ?? 0
    const next = byte === BEFORE_CAPITALS ? AFTER_CAPITALS : byte + 1
    return withLabel([...label.subarray(0, at), next], rest)
  }
  const length = rest[0] ?? 0
  if (length === 0) return rest
  return increased(rest.subarray(1, 1 + length), rest.subarray(1 + length))
}

function withLabel(label: readonly number[], rest: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(label.length, ...label), rest])
}
