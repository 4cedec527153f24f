import { toLatin1 } from '#base/bytes.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { type EpochSeconds, epochSeconds } from '#base/time.ts'

/**
 * `freshclam.dat` in a client's database directory, 90 bytes as a little-endian x86-64 lays them out (formats.md 5.6):
 *
 *     FreshClamData (13) | u32 version 1 | uuid and NUL (37) | padding (7) | i64 retry after | cf-ray and NULs (21)
 *
 * The uuid goes into the User-Agent; `retryAfter` is until when the client must keep still after 403 or 429.
 */
export interface FreshclamDat {
  readonly uuid: string
  readonly retryAfter?: EpochSeconds
  /** The last `cf-ray` that a server sent, for complaints. */
  readonly cfRay?: string
}

export type FreshclamDatFault =
  | { readonly kind: 'bad-length'; readonly bytes: number }
  | { readonly kind: 'not-freshclam-data' }
  | { readonly kind: 'unknown-version'; readonly version: number }
  | { readonly kind: 'bad-uuid' }
  | { readonly kind: 'bad-retry-after' }
  | { readonly kind: 'bad-cf-ray' }

export const FRESHCLAM_DAT_BYTES = 90
const MAGIC = 'FreshClamData'
const VERSION = 1
const AT = { version: 13, uuid: 17, retryAfter: 61, cfRay: 69 } as const
const UUID_CHARS = 36
const CF_RAY_CHARS_MAX = 20
const UUID = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/

export function parseFreshclamDat(bytes: Uint8Array): Outcome<FreshclamDat, FreshclamDatFault> {
  if (bytes.byteLength !== FRESHCLAM_DAT_BYTES) {
    return fail({ kind: 'bad-length', bytes: bytes.byteLength })
  }
  const data = Buffer.from(bytes)
  if (toLatin1(data.subarray(0, MAGIC.length)) !== MAGIC) {
    return fail({ kind: 'not-freshclam-data' })
  }
  const version = data.readUInt32LE(AT.version)
  if (version !== VERSION) return fail({ kind: 'unknown-version', version })
  const uuid = toLatin1(data.subarray(AT.uuid, AT.uuid + UUID_CHARS))
  if (!UUID.test(uuid) || data[AT.uuid + UUID_CHARS] !== 0) return fail({ kind: 'bad-uuid' })
  const seconds = data.readBigInt64LE(AT.retryAfter)
  if (seconds < 0n || seconds > BigInt(Number.MAX_SAFE_INTEGER)) {
    return fail({ kind: 'bad-retry-after' })
  }
  const [cfRay = ''] = toLatin1(data.subarray(AT.cfRay)).split('\0', 1)
  if (!isCfRay(cfRay)) return fail({ kind: 'bad-cf-ray' })
  return ok({
    uuid,
    ...(seconds === 0n ? {} : { retryAfter: epochSeconds(Number(seconds)) }),
    ...(cfRay === '' ? {} : { cfRay }),
  })
}

/** `uuid` and `cfRay` must be ones that parse; another is the caller's bug and cut to fit. */
export function printFreshclamDat({ uuid, retryAfter, cfRay }: FreshclamDat): Uint8Array {
  const data = Buffer.alloc(FRESHCLAM_DAT_BYTES)
  data.write(MAGIC, 0, 'latin1')
  data.writeUInt32LE(VERSION, AT.version)
  data.write(uuid, AT.uuid, UUID_CHARS, 'latin1')
  data.writeBigInt64LE(BigInt(retryAfter ?? 0), AT.retryAfter)
  data.write(cfRay ?? '', AT.cfRay, CF_RAY_CHARS_MAX, 'latin1')
  return data
}

export function describeFreshclamDatFault(fault: FreshclamDatFault): string {
  switch (fault.kind) {
    case 'bad-length':
      return `it has ${fault.bytes} bytes, not ${FRESHCLAM_DAT_BYTES}`
    case 'not-freshclam-data':
      return `it does not start with "${MAGIC}"`
    case 'unknown-version':
      return `its version is ${fault.version}, not ${VERSION}`
    case 'bad-uuid':
      return 'its uuid is not one'
    case 'bad-retry-after':
      return 'its time to wait for is not one'
    case 'bad-cf-ray':
      return 'its cf-ray is not printable, or too long'
  }
}

function isCfRay(text: string): boolean {
  return text.length <= CF_RAY_CHARS_MAX && /^[\x21-\x7e]*$/.test(text)
}
