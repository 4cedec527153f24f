import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { constants, crc32, deflateRawSync } from 'node:zlib'
import { fromLatin1, toHex } from '#base/bytes.ts'
import { dbVersion } from '#base/names.ts'
import { epochSeconds } from '#base/time.ts'
import {
  type CvdHeader,
  type DatabaseSigner,
  HEADER_BYTES,
  printBuildTime,
  printHeader,
  printInfo,
  printInfoText,
  printTarHeader,
  tarPadding,
} from '#formats/cvd/index.ts'

/**
 * A synthetic `daily` of any size, the same for the same seed: members full of signature lines that look and
 * compress like real ones (about 2.2 to 1, gzip level 9). Each block of lines is deflated once and used again, which
 * is sound because deflate looks back 32 KiB only; so 256 MiB take a second.
 */
export interface SyntheticOptions {
  readonly seed: number
  /** Wanted size of the file; the real one differs by less than one block. */
  readonly fileBytes: number
  readonly signer: DatabaseSigner
}

const BLOCK_LINES = 4000
const BLOCKS = 8
const MEMBERS = ['daily.hsb', 'daily.mdb', 'daily.ndb', 'daily.ldb'] as const
const BUILT_AT = epochSeconds(1_700_000_000)

export async function writeSyntheticDaily(path: string, options: SyntheticOptions): Promise<void> {
  const blocks = Array.from({ length: BLOCKS }, (_, at) => linesOf(options.seed * BLOCKS + at))
  const packer = new Packer()
  const blockBytes =
    blocks.reduce((sum, block) => sum + packer.packed(block).byteLength, 0) / BLOCKS
  const perMember = Math.max(1, Math.round(options.fileBytes / blockBytes / MEMBERS.length))
  const content = Array.from({ length: perMember }, (_, at) => blocks[at % BLOCKS] ?? linesOf(0))
  const hash = createHash('sha256')
  for (const block of content) hash.update(block)
  const bytes = content.reduce((sum, block) => sum + block.byteLength, 0)
  const sha256 = toHex(hash.digest())
  const header: CvdHeader = {
    buildTime: printBuildTime(BUILT_AT, 0),
    version: version(27_000 + options.seed),
    signatures: perMember * BLOCK_LINES * MEMBERS.length,
    functionalityLevel: 90,
    builder: 'synthetic',
    builtAt: BUILT_AT,
  }
  const listed = MEMBERS.map((name) => ({ name, bytes, sha256 }))
  const signed = createHash('sha256').update(printInfoText(header, listed)).digest()
  const info = fromLatin1(printInfo({ header, members: listed, dsig: options.signer.info(signed) }))
  const pieces = [
    ...memberPieces('COPYING', [fromLatin1('Synthetic data for measurements.\n')]),
    ...memberPieces('daily.info', [info]),
    ...MEMBERS.flatMap((name) => memberPieces(name, content)),
  ]
  await using file = await open(path, 'w')
  const md5 = createHash('md5')
  let at = HEADER_BYTES
  for (const piece of packer.stream(pieces)) {
    md5.update(piece)
    await file.write(piece, 0, piece.byteLength, at)
    at += piece.byteLength
  }
  const sum = md5.digest()
  const outer = { ...header, md5: toHex(sum), dsig: options.signer.header(sum) }
  await file.write(printHeader(outer), 0, HEADER_BYTES, 0)
}

function memberPieces(name: string, content: readonly Uint8Array[]): Uint8Array[] {
  const bytes = content.reduce((sum, piece) => sum + piece.byteLength, 0)
  return [printTarHeader({ name, bytes }), ...content, new Uint8Array(tarPadding(bytes))]
}

/** A gzip stream out of pieces that are deflated apart and end on a byte each. */
class Packer {
  readonly #known = new Map<Uint8Array, Uint8Array>()

  packed(piece: Uint8Array): Uint8Array {
    let packed = this.#known.get(piece)
    if (packed === undefined) {
      packed = deflateRawSync(piece, { level: 9, finishFlush: constants.Z_FULL_FLUSH })
      this.#known.set(piece, packed)
    }
    return packed
  }

  *stream(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
    yield Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3)
    let crc = 0
    let bytes = 0
    for (const piece of pieces) {
      crc = crc32(piece, crc)
      bytes += piece.byteLength
      if (piece.byteLength > 0) yield this.packed(piece)
    }
    yield deflateRawSync(new Uint8Array(0))
    const trailer = Buffer.alloc(8)
    trailer.writeUInt32LE(crc, 0)
    trailer.writeUInt32LE(bytes % 2 ** 32, 4)
    yield trailer
  }
}

/** Lines of a hash database, from the seed alone. */
function linesOf(seed: number): Uint8Array {
  const lines = Array.from({ length: BLOCK_LINES }, (_, at) => {
    const hash = createHash('sha256').update(`${seed}:${at}`).digest('hex')
    const size = Number.parseInt(hash.slice(0, 5), 16)
    return `${hash}:${size}:Win.Malware.Agent-${seed * BLOCK_LINES + at}-0:73\n`
  })
  return fromLatin1(lines.join(''))
}

function version(value: number) {
  const checked = dbVersion(value)
  if (checked === undefined) throw new Error(`Cannot make version ${value}`)
  return checked
}
