import { fail, type Outcome, ok } from '#base/outcome.ts'
import { Blocks } from './blocks.ts'
import { LineEditor, type LineFault, LineRange } from './lines.ts'
import { additionsOf } from './said.ts'
import type { EditStep, MoveStep, Script, Step, UnlinkStep } from './script.ts'

/**
 * Applies a script to the members of an unpacked database (formats.md 4.2), a step after the other, each member in a
 * stream: memory stays flat whatever a member's size. A fault leaves the folder half patched, so callers work on a
 * scratch copy and throw it away; whether the result is the right one is said by the hashes in the new `.info`.
 */
export interface MemberFolder {
  /**
   * Undefined when there is no such member. Blocks of any size; the larger the faster. A block may be gone when the one
   * after it has been asked for.
   */
  read(name: string): AsyncIterable<Uint8Array> | undefined
  /**
   * Replaces the member when `chunks` has ended, and not before: meanwhile `read` still gives the old content. A chunk
   * stays as it is, so that it may be written while the next one is made.
   */
  write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void>
  /** False when there is no such member. */
  remove(name: string): Promise<boolean>
}

export interface PatchFault {
  readonly kind: LineFault['kind'] | 'member-missing'
  /** Line of the script, from 1. */
  readonly line: number
  readonly file: string
}

/** Additions are handed on in pieces of about this size. */
const ADDITIONS_BYTES = 256 * 1024
const LF = 0x0a

/** Carries a fault out of a stream that a folder is writing; it never leaves `applyScript`. */
class Stop extends Error {
  readonly fault: PatchFault

  constructor(fault: PatchFault) {
    super(fault.kind)
    this.fault = fault
  }
}

/** Whatever the folder throws is passed on. An aborted signal rejects with its reason, between two blocks. */
export async function applyScript(
  script: Script,
  folder: MemberFolder,
  signal?: AbortSignal,
): Promise<Outcome<void, PatchFault>> {
  const job = new Job(script.bytes, folder, signal)
  try {
    for (const step of script.steps) await job.run(step)
    return ok(undefined)
  } catch (error) {
    if (job.fault === undefined) throw error
    return fail(job.fault)
  }
}

class Job {
  fault: PatchFault | undefined
  readonly #script: Uint8Array
  readonly #folder: MemberFolder
  readonly #signal: AbortSignal | undefined

  constructor(script: Uint8Array, folder: MemberFolder, signal: AbortSignal | undefined) {
    this.#script = script
    this.#folder = folder
    this.#signal = signal
  }

  async run(step: Step): Promise<void> {
    this.#signal?.throwIfAborted()
    switch (step.kind) {
      case 'edit':
        return await this.#edit(step)
      case 'move':
        return await this.#move(step)
      case 'unlink':
        return await this.#unlink(step)
    }
  }

  async #edit(step: EditStep): Promise<void> {
    if (step.edits.length === 0 && step.additions === 0) return
    const old = this.#folder.read(step.file)
    if (old === undefined && step.edits.length > 0)
      throw this.#stop('member-missing', step.line, step.file)
    await this.#folder.write(step.file, this.#edited(step, old))
  }

  async *#edited(
    step: EditStep,
    old: AsyncIterable<Uint8Array> | undefined,
  ): AsyncGenerator<Uint8Array> {
    const out = new Blocks()
    if (old !== undefined) {
      const editor = new LineEditor(this.#script, step.edits, out)
      for await (const block of old) {
        this.#signal?.throwIfAborted()
        for (let at = 0; at < block.byteLength; ) {
          at = this.#reached(editor.push(block, at), step)
          yield* out.take()
        }
      }
      const fault = step.edits.length > 0 ? editor.finish() : undefined
      if (fault !== undefined) this.#reached(fault, step)
    }
    for (const text of additionsOf({ bytes: this.#script }, step)) {
      out.append(text)
      if (out.readyBytes >= ADDITIONS_BYTES) yield* out.take()
    }
    out.flush()
    yield* out.take()
  }

  async #move(step: MoveStep): Promise<void> {
    const [source, target] = [this.#folder.read(step.source), this.#folder.read(step.target)]
    if (source === undefined) throw this.#stop('member-missing', step.line, step.source)
    if (target === undefined) throw this.#stop('member-missing', step.line, step.target)
    await this.#folder.write(step.target, this.#withMoved(step, source, target))
    const again = this.#folder.read(step.source)
    if (again === undefined) throw this.#stop('member-missing', step.line, step.source)
    await this.#folder.write(step.source, this.#withoutMoved(step, again))
  }

  async *#withMoved(
    step: MoveStep,
    source: AsyncIterable<Uint8Array>,
    target: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    for await (const block of target) yield Buffer.from(block)
    const range = new LineRange(step)
    for await (const block of source) {
      yield Buffer.from(block.subarray(...this.#part(range, block, step)))
      if (range.complete) return
    }
    throw this.#stop('line-missing', step.line, step.source)
  }

  async *#withoutMoved(
    step: MoveStep,
    source: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    const range = new LineRange(step)
    for await (const block of source) {
      const [from, to] = this.#part(range, block, step)
      yield Buffer.from(block.subarray(0, from))
      yield Buffer.from(block.subarray(to))
    }
  }

  #part(range: LineRange, block: Uint8Array, step: MoveStep): [number, number] {
    this.#signal?.throwIfAborted()
    const part = range.push(block)
    if (part === undefined) throw this.#stop('pattern-differs', step.line, step.source)
    return [part.from, part.to]
  }

  async #unlink(step: UnlinkStep): Promise<void> {
    if (await this.#folder.remove(step.file)) return
    throw this.#stop('member-missing', step.line, step.file)
  }

  #reached(result: number | LineFault, step: EditStep): number {
    if (typeof result === 'number') return result
    const line = 'offset' in result ? lineAt(this.#script, result.offset) : step.line
    throw this.#stop(result.kind, line, step.file)
  }

  #stop(kind: PatchFault['kind'], line: number, file: string): Stop {
    this.fault = { kind, line, file }
    return new Stop(this.fault)
  }
}

/** Counted only when a fault is to be told. */
function lineAt(script: Uint8Array, offset: number): number {
  let line = 1
  for (let at = script.indexOf(LF); at >= 0 && at < offset; at = script.indexOf(LF, at + 1))
    line += 1
  return line
}
