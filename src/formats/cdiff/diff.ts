import { fromLatin1 } from '#base/bytes.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { SCRIPT_BYTES_MAX } from './container.ts'
import { type DiffFault, diffMember, unsayable } from './diff-member.ts'
import { EditBlock } from './edit-block.ts'
import { LineWindow } from './line-window.ts'
import { isFileName } from './script.ts'

/**
 * Makes the script that leads from the members of one version to those of the next (formats.md 4.2), as small as
 * sigtool's or smaller: a block of edits for each member that changed, `UNLINK` and all lines anew where an edit
 * cannot be said or would be longer, and at the end `UNLINK` for members that are gone. Memory is flat; the script
 * itself is held.
 */
export interface MemberSet {
  readonly names: readonly string[]
  /** Called for a name of `names`, more than once. */
  read(name: string): AsyncIterable<Uint8Array>
}

export interface DiffOptions {
  /** Members that are known to be equal need not be read. */
  readonly isSame?: (name: string) => boolean
  readonly signal?: AbortSignal
}

export async function diffMembers(
  old: MemberSet,
  fresh: MemberSet,
  options: DiffOptions = {},
): Promise<Outcome<Uint8Array, DiffFault>> {
  const { isSame = () => false, signal } = options
  const pieces: Uint8Array[] = []
  let bytes = 0
  const olds = new Set(old.names)
  for (const file of fresh.names) {
    signal?.throwIfAborted()
    if (olds.has(file) && isSame(file)) continue
    if (!isFileName(file)) return fail({ kind: 'bad-member-name', file })
    const part = olds.has(file)
      ? await changed(file, old.read(file), () => fresh.read(file))
      : await wholeFile(file, fresh.read(file))
    if (!part.ok) return part
    pieces.push(...part.value.pieces)
    bytes += part.value.bytes
    if (bytes > SCRIPT_BYTES_MAX) return fail({ kind: 'change-too-large', file })
  }
  const news = new Set(fresh.names)
  for (const file of old.names.filter((name) => !news.has(name))) {
    if (!isFileName(file)) return fail({ kind: 'bad-member-name', file })
    pieces.push(fromLatin1(`UNLINK ${file}\n`))
  }
  return ok(Buffer.concat(pieces))
}

interface Part {
  readonly pieces: readonly Uint8Array[]
  readonly bytes: number
}

async function changed(
  file: string,
  old: AsyncIterable<Uint8Array>,
  fresh: () => AsyncIterable<Uint8Array>,
): Promise<Outcome<Part, DiffFault>> {
  const diff = await diffMember(file, old, fresh())
  if (!diff.ok) return diff
  const edits = diff.value
  // Each line anew has an `ADD` in front, so that edits of this length are never longer.
  if (edits.kind === 'edits' && edits.bytes <= edits.freshBytes) return ok(edits)
  const whole = await wholeFile(file, fresh())
  if (!whole.ok) return edits.kind === 'edits' ? ok(edits) : whole
  const unlink = fromLatin1(`UNLINK ${file}\n`)
  const rewrite = {
    pieces: [unlink, ...whole.value.pieces],
    bytes: unlink.byteLength + whole.value.bytes,
  }
  return ok(edits.kind === 'edits' && edits.bytes <= rewrite.bytes ? edits : rewrite)
}

async function wholeFile(
  file: string,
  fresh: AsyncIterable<Uint8Array>,
): Promise<Outcome<Part, DiffFault>> {
  const block = new EditBlock(file)
  let fault: DiffFault['kind'] | undefined
  const window = new LineWindow(fresh, (bytes) => {
    fault ??= unsayable(bytes)
  })
  try {
    while (fault === undefined && !block.isFull) {
      const ends = await window.lines(ADDED_LINES)
      if (ends.length === 0) break
      let from = window.at
      for (const end of ends) {
        block.add(window.buffer.subarray(from, end))
        from = end
      }
      window.advanceTo(from)
    }
  } finally {
    await window.close()
  }
  if (block.isFull) fault ??= 'change-too-large'
  else if (!window.ended) fault ??= 'line-too-long'
  else if (window.at < window.end) fault ??= 'no-last-line-end'
  else if (block.isEmpty) fault ??= 'empty-member'
  return fault === undefined ? ok(block.finish()) : fail({ kind: fault, file })
}

const ADDED_LINES = 1024
