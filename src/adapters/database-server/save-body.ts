import { type FileHandle, open } from 'node:fs/promises'
import { diskError } from '#adapters/disk/index.ts'
import type { ServerAnswer } from '#ports/database-server.ts'
import type { Reply } from './ask.ts'
import { discardPartial, endPartial } from './partial-file.ts'
import { Unreachable } from './unreachable.ts'

export interface Wanted {
  /** What is there already. */
  readonly from: number
  /** The length of the whole file as the server told it. */
  readonly said: number | undefined
  /** Of the whole file. */
  readonly bytesMax: number
}

/** Puts the body behind what is there, as it comes. What is too large is removed, what breaks off stays. */
export async function saveBody(
  reply: Reply,
  into: string,
  { from, said, bytesMax }: Wanted,
): Promise<ServerAnswer<number>> {
  const isTooLong = said !== undefined && said > bytesMax
  const bytes = isTooLong ? said : await append(reply, into, from, bytesMax)
  if (bytes > bytesMax) {
    await discardPartial(into)
    return { kind: 'too-large', bytesMax }
  }
  if (said !== undefined && bytes < said) {
    throw new Unreachable(reply.place, `only ${bytes} of ${said} bytes came`)
  }
  if (said !== undefined && bytes > said) {
    await discardPartial(into)
    throw new Unreachable(reply.place, `${bytes} bytes came instead of ${said}`)
  }
  await endPartial(into)
  return { kind: 'found', content: bytes }
}

/** How long the file is then; one that is longer than allowed is not read to its end. */
async function append(reply: Reply, into: string, from: number, bytesMax: number): Promise<number> {
  await using file = await opened(into)
  let bytes = from
  for await (const piece of reply.body) {
    bytes += piece.byteLength
    if (bytes > bytesMax) break
    await write(file, piece, into)
  }
  return bytes
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'a')
  } catch (error) {
    throw diskError(`write "${path}"`, error)
  }
}

async function write(file: FileHandle, piece: Uint8Array, path: string): Promise<void> {
  try {
    await file.appendFile(piece)
  } catch (error) {
    throw diskError(`write "${path}"`, error)
  }
}
