/**
 * What is there of a download that broke off, and beside it, in `NAME.from`, whose it is.
 *
 * The note is written while the file is empty, before the first byte, and goes first when either is given up: at no time
 * does it stand beside bytes of another file.
 */
import { open, rm, stat } from 'node:fs/promises'
import { diskError, errnoOf, readIfThere, writeFileAtomic } from '#adapters/disk/index.ts'
import { jsonCodec, object, oneOf, optional, type ReadBy, text, whole } from '#base/json.ts'

const readOrigin = object({
  /** What was asked for, whoever answered. */
  url: text(),
  /** What tells the file's versions from each other, and the field it was in. */
  field: oneOf(['etag', 'last-modified']),
  value: text(),
  /** Of the whole file, where the server told. */
  bytes: optional(whole(0, Number.MAX_SAFE_INTEGER)),
})
const originCodec = jsonCodec(readOrigin)

export type Origin = ReadBy<typeof readOrigin>

export interface PartialFile {
  readonly origin: Origin
  readonly bytes: number
}

/** Undefined unless something of that URL is there that can go on. */
export async function readPartial(path: string, url: string): Promise<PartialFile | undefined> {
  try {
    const note = await readIfThere(noteOf(path))
    const origin = note === undefined ? undefined : originCodec.parse(note)
    if (origin?.ok !== true || origin.value.url !== url) return undefined
    const { size } = await stat(path)
    const isPart = size > 0 && size < (origin.value.bytes ?? Number.POSITIVE_INFINITY)
    return isPart ? { origin: origin.value, bytes: size } : undefined
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw diskError(`read "${path}"`, error)
  }
}

/** Leaves an empty file; without an origin it cannot go on later. */
export async function beginPartial(path: string, origin: Origin | undefined): Promise<void> {
  try {
    await rm(noteOf(path), { force: true })
    await using file = await open(path, 'w')
    await file.sync()
    if (origin !== undefined) await writeFileAtomic(noteOf(path), originCodec.print(origin))
  } catch (error) {
    throw diskError(`write "${path}"`, error)
  }
}

/** The file is whole. */
export async function endPartial(path: string): Promise<void> {
  await remove(noteOf(path))
}

export async function discardPartial(path: string): Promise<void> {
  await remove(noteOf(path))
  await remove(path)
}

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { force: true })
  } catch (error) {
    throw diskError(`remove "${path}"`, error)
  }
}

function noteOf(path: string): string {
  return `${path}.from`
}
