import type { MemberFolder } from './apply.ts'

/** Members in memory, for tests and small databases. `blockBytes` cuts what is read, to test every seam. */
export class MemoryFolder implements MemberFolder {
  readonly members: Map<string, Uint8Array>
  readonly #blockBytes: number

  constructor(members: Iterable<readonly [string, Uint8Array]>, blockBytes = 64 * 1024) {
    this.members = new Map(members)
    this.#blockBytes = blockBytes
  }

  read(name: string): AsyncIterable<Uint8Array> | undefined {
    const bytes = this.members.get(name)
    return bytes === undefined ? undefined : inBlocks(bytes, this.#blockBytes)
  }

  async write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = []
    for await (const chunk of chunks) parts.push(chunk)
    this.members.set(name, Buffer.concat(parts))
  }

  remove(name: string): Promise<boolean> {
    return Promise.resolve(this.members.delete(name))
  }
}

async function* inBlocks(bytes: Uint8Array, blockBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += blockBytes) {
    yield bytes.subarray(at, at + blockBytes)
  }
}
