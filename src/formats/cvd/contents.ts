import { createHash, type Hash } from 'node:crypto'
import { toHex } from '#base/bytes.ts'
import type { CvdFault, LimitFault } from './fault.ts'
import type { InfoMember } from './info.ts'
import type { CvdLimits } from './limits.ts'
import { COPYING, INFO_SUFFIX, isMemberName } from './member-name.ts'
import { type TarEvent, TarReader } from './tar-reader.ts'

/**
 * Takes the bytes of one member as they come. Whoever waits in it slows the reading down. The bytes are there until
 * `write` returns, or the promise it returned is settled.
 */
export interface MemberSink {
  write(bytes: Uint8Array): void | Promise<void>
  end(): void | Promise<void>
}

export interface MemberHead {
  readonly name: string
  readonly bytes: number
}

export interface ContentsOptions {
  readonly limits: CvdLimits
  /** Called for each member with a harmless name that has not been seen before; undefined lets it pass. */
  readonly onMember?: (member: MemberHead) => MemberSink | undefined
}

/**
 * What is inside, while it passes: hashes every member, keeps only `.info`, and gives up at the first limit. Judges
 * what can be judged without `.info`; the rest is `judge.ts`.
 */
export class Contents {
  readonly members: InfoMember[] = []
  readonly faults: CvdFault[] = []
  readonly #options: ContentsOptions
  readonly #tar = new TarReader()
  readonly #names = new Set<string>()
  #unpackedBytes = 0
  #current:
    | { readonly head: MemberHead; readonly hash: Hash; readonly sink?: MemberSink }
    | undefined
  #info: { readonly name: string; readonly pieces: Uint8Array[] } | undefined
  #givenUp = false
  #complete = false

  constructor(options: ContentsOptions) {
    this.#options = options
  }

  /** The archive was read to an end where one may be, so that a member not seen is not there. */
  get complete(): boolean {
    return this.#complete
  }

  /** The first `.info` and what it is called without that ending. */
  get info(): { readonly name: string; readonly bytes: Uint8Array } | undefined {
    if (this.#info === undefined) return undefined
    const name = this.#info.name.slice(0, -INFO_SUFFIX.length)
    return { name, bytes: Buffer.concat(this.#info.pieces) }
  }

  /** False when nothing more is wanted. `packedBytes` is how much of the file was read for this. */
  async push(piece: Uint8Array, packedBytes: number): Promise<boolean> {
    this.#unpackedBytes += piece.byteLength
    const { unpackedBytesMax, ratioMax, ratioFreeBytes } = this.#options.limits
    if (this.#unpackedBytes > unpackedBytesMax) {
      return this.#giveUp({ kind: 'unpacked-too-large', bytesMax: unpackedBytesMax })
    }
    if (this.#unpackedBytes > Math.max(ratioFreeBytes, packedBytes * ratioMax)) {
      return this.#giveUp({ kind: 'ratio-too-high', ratioMax })
    }
    for (const event of this.#tar.push(piece)) {
      await this.#see(event)
      if (this.#givenUp) return false
    }
    return true
  }

  end(): void {
    const fault = this.#tar.end()
    if (fault !== undefined) this.faults.push(fault)
    this.#complete = fault === undefined && !this.#givenUp
  }

  async #see(event: TarEvent): Promise<void> {
    switch (event.kind) {
      case 'member':
        return this.#open(event.header)
      case 'data':
        this.#current?.hash.update(event.bytes)
        if (this.#current?.head.name === this.#info?.name) {
          // A copy: the piece is the reader's, and a Buffer's `slice` would be a view of it.
          this.#info?.pieces.push(new Uint8Array(event.bytes))
        }
        return this.#current?.sink?.write(event.bytes)
      case 'member-end':
        return this.#close()
      case 'fault':
        this.faults.push(event.fault)
        this.#givenUp ||= event.fault.kind !== 'tar-padding-not-zero'
    }
  }

  #open(head: MemberHead): void {
    const { name, bytes } = head
    const { limits, onMember } = this.#options
    const at = this.members.length
    if (at >= limits.membersMax) {
      this.#giveUp({ kind: 'too-many-members', membersMax: limits.membersMax })
      return
    }
    const harmless = isMemberName(name)
    const twice = this.#names.has(name)
    if (!harmless) this.faults.push({ kind: 'member-bad-name', name: name.slice(0, 100) })
    if (twice) this.faults.push({ kind: 'member-twice', name })
    if (bytes === 0) this.faults.push({ kind: 'member-empty', name })
    if (at === 0 && name !== COPYING) this.faults.push({ kind: 'copying-not-first', found: name })
    this.#names.add(name)
    if (this.#info === undefined && name.endsWith(INFO_SUFFIX)) {
      if (bytes > limits.infoBytesMax) {
        this.#giveUp({ kind: 'info-too-large', bytesMax: limits.infoBytesMax })
        return
      }
      if (at !== 1) this.faults.push({ kind: 'info-not-second', at })
      this.#info = { name, pieces: [] }
    }
    const sink = harmless && !twice ? onMember?.(head) : undefined
    this.#current = { head, hash: createHash('sha256'), ...(sink === undefined ? {} : { sink }) }
  }

  async #close(): Promise<void> {
    const current = this.#current
    if (current === undefined) return
    this.#current = undefined
    this.members.push({ ...current.head, sha256: toHex(current.hash.digest()) })
    await current.sink?.end()
  }

  #giveUp(fault: LimitFault): false {
    // In front, since a hostile file may have made so many others that the last ones are not reported.
    this.faults.unshift(fault)
    this.#givenUp = true
    return false
  }
}
