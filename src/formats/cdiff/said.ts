import { type EditStep, editAt, type Script, unpackEdit } from './script.ts'

/** What a block of a script says, for those who want to know and not to apply it. Bytes are views into the script. */
export interface SaidEdit {
  /** Line of the member, from 1, before the block. */
  readonly at: number
  /** Start of that line, as far as the script gives it. */
  readonly start: Uint8Array
  /** With its LF; undefined where the line goes. */
  readonly replacement: Uint8Array | undefined
}

/** In the order of the member's lines. */
export function* editsOf({ bytes }: Script, step: EditStep): Generator<SaidEdit> {
  for (const packed of step.edits) {
    const { at, offset } = unpackEdit(packed)
    yield { at, ...editAt(bytes, offset) }
  }
}

/** The lines that come at the end, each with its LF. */
export function* additionsOf(
  { bytes }: Pick<Script, 'bytes'>,
  step: EditStep,
): Generator<Uint8Array> {
  let left = step.additions
  for (let at = step.from; at < step.to && left > 0; ) {
    const end = bytes.indexOf(LF, at) + 1
    if (ADD.every((byte, index) => bytes[at + index] === byte)) {
      yield bytes.subarray(at + ADD.length, end)
      left -= 1
    }
    at = end
  }
}

const LF = 0x0a
const ADD = [...Buffer.from('ADD ')]
