import { fromLatin1, toLatin1 } from '#base/bytes.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { EditBlock } from './edit-block.ts'
import { type EditStep, editAt, type Script, type Step, unpackEdit } from './script.ts'

/**
 * Two scripts in one: what the second does to the result of the first. Blocks stand for the file as it was before
 * them, so scripts may simply be put in a row, and that is what is done where nothing better is known. Where each of
 * them edits a member once and both the number of its lines is known, the two blocks become one: a line that came with
 * the first and goes with the second is not said at all.
 */
export interface ComposeFault {
  readonly kind: 'scripts-do-not-fit' | 'composition-too-large'
  readonly file: string
}

/** How many lines the members have before the first script; members not named here are not merged. */
export type LineCounts = ReadonlyMap<string, number>

export function composeScripts(
  first: Script,
  second: Script,
  lineCounts: LineCounts = new Map(),
): Outcome<Uint8Array, ComposeFault> {
  const pieces: Uint8Array[] = []
  const merged = new Set<Step>()
  const mergeable = mergeableFiles(first, second)
  for (const step of first.steps) {
    const later = step.kind === 'edit' ? mergeable.get(step.file) : undefined
    const count = step.kind === 'edit' ? lineCounts.get(step.file) : undefined
    if (step.kind !== 'edit' || later === undefined || count === undefined) {
      pieces.push(textOf(first, step))
      continue
    }
    const block = mergeBlocks({ script: first, step }, { script: second, step: later }, count)
    if (!block.ok) return block
    pieces.push(...block.value)
    merged.add(later)
  }
  for (const step of second.steps) if (!merged.has(step)) pieces.push(textOf(second, step))
  return ok(Buffer.concat(pieces))
}

/** Files that each script touches once, by a block of lines that fit any client's buffer, and no other command. */
function mergeableFiles(first: Script, second: Script): ReadonlyMap<string, EditStep> {
  const touched = new Map<string, Step[]>()
  for (const step of [...first.steps, ...second.steps]) {
    const files = step.kind === 'move' ? [step.source, step.target] : [step.file]
    for (const file of files) touched.set(file, [...(touched.get(file) ?? []), step])
  }
  const files = new Map<string, EditStep>()
  for (const [file, [one, other, ...more]] of touched) {
    if (one?.kind !== 'edit' || other?.kind !== 'edit' || more.length > 0) continue
    const areApart = first.steps.includes(one) && second.steps.includes(other)
    const haveRemark = remarkOf(first, one) !== '' || remarkOf(second, other) !== ''
    if (areApart && !haveRemark) files.set(file, other)
  }
  return files
}

interface Part {
  readonly script: Script
  readonly step: EditStep
}

interface Edit {
  readonly start: Uint8Array
  readonly replacement: Uint8Array | undefined
}

function mergeBlocks(
  first: Part,
  second: Part,
  lineCount: number,
): Outcome<readonly Uint8Array[], ComposeFault> {
  const file = first.step.file
  const fault = fail({ kind: 'scripts-do-not-fit', file } as const)
  const edits = editsOf(first)
  const additions: (Uint8Array | undefined)[] = additionsOf(first)
  const deleted = [...edits].filter(([, edit]) => edit.replacement === undefined).map(([at]) => at)
  const stayingLines = lineCount - deleted.length
  if (deleted.some((at) => at > lineCount)) return fault
  for (const [at, edit] of editsOf(second)) {
    if (at > stayingLines) {
      const index = at - stayingLines - 1
      const added = additions[index]
      if (added === undefined || !startsWith(added, edit.start)) return fault
      additions[index] = edit.replacement
      continue
    }
    const place = beforeDeletions(at, deleted)
    const earlier = edits.get(place)
    if (earlier?.replacement !== undefined && !startsWith(earlier.replacement, edit.start))
      return fault
    edits.set(place, { start: earlier?.start ?? edit.start, replacement: edit.replacement })
  }
  const block = new EditBlock(file)
  for (const [at, { start, replacement }] of [...edits].sort(([a], [b]) => a - b)) {
    if (replacement === undefined) block.delete(at, start)
    else block.exchange(at, start, replacement)
  }
  for (const line of [...additions, ...additionsOf(second)]) if (line !== undefined) block.add(line)
  if (block.isFull) return fail({ kind: 'composition-too-large', file })
  return ok(block.finish().pieces)
}

/** The number that line `at` had while the `deleted` ones (ascending) still stood. */
function beforeDeletions(at: number, deleted: readonly number[]): number {
  let [low, high] = [0, deleted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    // So many lines stay before the deleted one at `middle`.
    if ((deleted[middle] ?? 0) - middle - 1 < at) low = middle + 1
    else high = middle
  }
  return at + low
}

function editsOf({ script, step }: Part): Map<number, Edit> {
  const edits = new Map<number, Edit>()
  for (const packed of step.edits) {
    const { at, offset } = unpackEdit(packed)
    edits.set(at, editAt(script.bytes, offset))
  }
  return edits
}

const LF = 0x0a
const ADD = 'ADD '

function additionsOf({ script, step }: Part): Uint8Array[] {
  const lines: Uint8Array[] = []
  for (let at = step.from; at < step.to; ) {
    const end = script.bytes.indexOf(LF, at) + 1
    const command = script.bytes.subarray(at, at + ADD.length)
    if (Buffer.from(ADD).equals(command)) lines.push(script.bytes.subarray(at + ADD.length, end))
    at = end
  }
  return lines
}

/** The remark about long lines that stands before a block, with its LF; nothing where there is none. */
function remarkOf(script: Script, step: EditStep): string {
  const open = step.from - `OPEN ${step.file}\n`.length
  const before = toLatin1(script.bytes.subarray(Math.max(0, open - REMARK_CHARS_MAX), open))
  return /(?:^|\n)(#LSIZE \d+\n)$/.exec(before)?.[1] ?? ''
}

/** `#LSIZE` and a number of ten digits, with the LF of the line before. */
const REMARK_CHARS_MAX = 20

function startsWith(line: Uint8Array, start: Uint8Array): boolean {
  return Buffer.compare(line.subarray(0, start.byteLength), start) === 0
}

function textOf(script: Script, step: Step): Uint8Array {
  switch (step.kind) {
    case 'edit': {
      const head = fromLatin1(`${remarkOf(script, step)}OPEN ${step.file}\n`)
      const body = script.bytes.subarray(step.from, step.to)
      return Buffer.concat([head, body, fromLatin1('CLOSE\n')])
    }
    case 'unlink':
      return fromLatin1(`UNLINK ${step.file}\n`)
    case 'move': {
      const { source, target, first, last } = step
      return Buffer.concat([
        fromLatin1(`MOVE ${source} ${target} ${first.at} `),
        first.start,
        fromLatin1(` ${last.at} `),
        last.start,
        LINE_END,
      ])
    }
  }
}

const LINE_END = Uint8Array.of(LF)
