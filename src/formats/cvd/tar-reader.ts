import {
  parseTarHeader,
  TAR_BLOCK_BYTES,
  type TarHeader,
  type TarHeaderFault,
  tarPadding,
} from './tar-header.ts'

/**
 * A tar, piece by piece. Pieces of any size go in, events come out; nothing but one header block is ever held.
 * The archive ends with the stream, as sigtool leaves it, or with zero blocks up to one record, as GNU tar does. After a
 * fault in a header nothing more can be said, since nobody knows where the next member starts.
 */
export type TarEvent =
  | { readonly kind: 'member'; readonly header: TarHeader }
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'member-end' }
  | { readonly kind: 'fault'; readonly fault: TarFault }

export type TarFault =
  | TarHeaderFault
  | { readonly kind: 'tar-truncated'; readonly missingBytes: number }
  | { readonly kind: 'tar-padding-not-zero'; readonly name: string }
  | { readonly kind: 'tar-bytes-after-end' }

type Place =
  | { readonly kind: 'header' }
  | { readonly kind: 'data'; left: number }
  | { readonly kind: 'padding'; left: number }
  /** Behind the first zero block. */
  | { readonly kind: 'end'; bytes: number }
  | { readonly kind: 'broken' }

/** GNU tar writes records of 20 blocks, so no honest archive has more zeros behind it. */
const END_BYTES_MAX = 20 * TAR_BLOCK_BYTES

export class TarReader {
  readonly #block = new Uint8Array(TAR_BLOCK_BYTES)
  #blockBytes = 0
  #place: Place = { kind: 'header' }
  #at = 0
  #name = ''

  /** The stream has ended: undefined when an archive may end here. */
  end(): TarFault | undefined {
    const place = this.#place
    if (place.kind === 'data') {
      return { kind: 'tar-truncated', missingBytes: place.left + tarPadding(this.#at + place.left) }
    }
    if (place.kind === 'padding') return { kind: 'tar-truncated', missingBytes: place.left }
    if (place.kind === 'header' && this.#blockBytes > 0) {
      return { kind: 'tar-truncated', missingBytes: TAR_BLOCK_BYTES - this.#blockBytes }
    }
    return undefined
  }

  *push(chunk: Uint8Array): Generator<TarEvent, void> {
    for (let rest = chunk; rest.byteLength > 0; ) {
      const place = this.#place
      if (place.kind === 'broken') return
      const used = place.kind === 'header' ? this.#fillBlock(rest) : this.#take(place, rest)
      const piece = rest.subarray(0, used)
      rest = rest.subarray(used)
      this.#at += used
      yield* this.#step(place, piece)
    }
  }

  #fillBlock(rest: Uint8Array): number {
    const used = Math.min(rest.byteLength, TAR_BLOCK_BYTES - this.#blockBytes)
    this.#block.set(rest.subarray(0, used), this.#blockBytes)
    this.#blockBytes += used
    return used
  }

  #take(place: Exclude<Place, { kind: 'header' | 'broken' }>, rest: Uint8Array): number {
    if (place.kind === 'end') return rest.byteLength
    const used = Math.min(rest.byteLength, place.left)
    place.left -= used
    return used
  }

  *#step(place: Place, piece: Uint8Array): Generator<TarEvent, void> {
    if (place.kind === 'header') {
      if (this.#blockBytes === TAR_BLOCK_BYTES) yield* this.#readHeader()
    } else if (place.kind === 'data') {
      if (piece.byteLength > 0) yield { kind: 'data', bytes: piece }
      if (place.left === 0) yield* this.#endMember()
    } else if (place.kind === 'padding') {
      if (!isZero(piece)) {
        yield { kind: 'fault', fault: { kind: 'tar-padding-not-zero', name: this.#name } }
      }
      if (place.left === 0) this.#place = { kind: 'header' }
    } else if (place.kind === 'end') {
      place.bytes += piece.byteLength
      if (place.bytes > END_BYTES_MAX || !isZero(piece)) {
        yield this.#broken({ kind: 'tar-bytes-after-end' })
      }
    }
  }

  *#readHeader(): Generator<TarEvent, void> {
    this.#blockBytes = 0
    if (this.#block[0] === 0) {
      this.#place = { kind: 'end', bytes: TAR_BLOCK_BYTES }
      if (!isZero(this.#block)) yield this.#broken({ kind: 'tar-bytes-after-end' })
      return
    }
    const header = parseTarHeader(this.#block, this.#at - TAR_BLOCK_BYTES)
    if (!header.ok) {
      yield this.#broken(header.fault)
      return
    }
    this.#name = header.value.name
    this.#place = { kind: 'data', left: header.value.bytes }
    yield { kind: 'member', header: header.value }
    if (header.value.bytes === 0) yield* this.#endMember()
  }

  *#endMember(): Generator<TarEvent, void> {
    const left = tarPadding(this.#at)
    this.#place = left === 0 ? { kind: 'header' } : { kind: 'padding', left }
    yield { kind: 'member-end' }
  }

  #broken(fault: TarFault): TarEvent {
    this.#place = { kind: 'broken' }
    return { kind: 'fault', fault }
  }
}

const ZEROS = new Uint8Array(64 * 1024)

function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.byteLength; at += ZEROS.byteLength) {
    const piece = bytes.subarray(at, at + ZEROS.byteLength)
    if (Buffer.compare(piece, ZEROS.subarray(0, piece.byteLength)) !== 0) return false
  }
  return true
}
