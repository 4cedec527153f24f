import assert from 'node:assert'
import { printTarHeader, type TarHeader, tarPadding } from './tar-header.ts'

/** A member on its way into a tar. What is read must have as many bytes as it says. */
export interface PackedMember extends TarHeader {
  read(): AsyncIterable<Uint8Array>
}

/** The tar of a payload, in a stream: no end blocks, since sigtool writes none (formats.md 1.2). */
export async function* packMembers(members: Iterable<PackedMember>): AsyncGenerator<Uint8Array> {
  for (const member of members) {
    yield printTarHeader(member)
    let bytes = 0
    for await (const piece of member.read()) {
      bytes += piece.byteLength
      yield piece
    }
    assert.equal(bytes, member.bytes)
    const padding = tarPadding(member.bytes)
    if (padding > 0) yield new Uint8Array(padding)
  }
}
