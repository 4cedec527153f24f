import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { cannot, DatabaseFileError, systemCode } from './database-file-error.ts'

/** Measured: 64 KiB costs a tenth more time; above 512 KiB only memory grows. */
const READ_BYTES = 256 * 1024
/** One being read, one being hashed and unpacked, one to spare. Fresh memory for each piece costs a quarter more time. */
const READ_BUFFERS = 3

/**
 * The bytes of a file, in pieces that stay as they are until two more have been asked for. The next piece is being read
 * while one is looked at. Only plain files: a named pipe would make us wait for ever. Throws `DatabaseFileError`.
 */
export async function* readPieces(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted()
  await using file = await openPlain(path)
  const buffers = Array.from({ length: READ_BUFFERS }, () => Buffer.allocUnsafeSlow(READ_BYTES))
  const read = (turn: number) => {
    const piece = buffers[turn % READ_BUFFERS] ?? Buffer.allocUnsafeSlow(READ_BYTES)
    const reading = readInto(file, piece, path)
    // Whoever stops early does not hear of it any more.
    reading.catch(() => undefined)
    return { piece, reading }
  }
  let next = read(0)
  for (let turn = 1; ; turn += 1) {
    signal.throwIfAborted()
    const { piece, reading } = next
    const bytes = await reading
    if (bytes === 0) return
    next = read(turn)
    yield piece.subarray(0, bytes)
  }
}

async function openPlain(path: string): Promise<FileHandle> {
  let file: FileHandle
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const code = systemCode(error) === 'ENOENT' ? 'not-found' : 'unreadable'
    throw cannot(code, `open "${path}"`, error)
  }
  const status = await file.stat()
  if (status.isFile()) return file
  await file.close()
  throw new DatabaseFileError('not-a-file', `read "${path}", which is not a plain file`)
}

async function readInto(file: FileHandle, piece: Uint8Array, path: string): Promise<number> {
  try {
    return (await file.read(piece, 0, piece.byteLength)).bytesRead
  } catch (error) {
    throw cannot('unreadable', `read "${path}"`, error)
  }
}
