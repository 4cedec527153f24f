import {
  additionsOf,
  type EditStep,
  editsOf,
  type Script,
  type Step,
} from '#formats/cdiff/index.ts'
import { tallyMember } from './from-members.ts'
import { forEachLine } from './lines.ts'
import { isSignature, type MemberRule, nameIn, ruleOfMember } from './signature-name.ts'
import { sumOf } from './sum.ts'
import { type Changes, type Seen, Tally } from './tally.ts'

/** A member of the version before: its bytes, or undefined when there is none. May be asked for more than once. */
export type ReadMember = (name: string) => AsyncIterable<Uint8Array> | undefined

/**
 * What a patch changes, in words. A script names only the start of the lines that go, 16 characters of them; with the
 * old members beside it every name is known, without them those that end within the start. Much cheaper than comparing
 * two versions: only members that the script touches are read, once.
 */
export async function changesOfScript(
  script: Script,
  readOld: ReadMember | undefined,
  signal: AbortSignal,
): Promise<Changes> {
  const tally = new Tally()
  const touched = new Set<string>()
  for (const [index, step] of script.steps.entries()) {
    signal.throwIfAborted()
    const fresh = filesOf(step).every((file) => !touched.has(file))
    for (const file of filesOf(step)) touched.add(file)
    // Numbers in a later step count from what the earlier one made, which nobody has at hand here.
    const job: Job = { script, tally, signal, ...(fresh && readOld ? { readOld } : {}) }
    switch (step.kind) {
      case 'edit':
        if (!isRewrite(script.steps, index)) await tallyEdits(job, step)
        break
      case 'unlink':
        await tallyUnlink(job, step.file, rewriteOf(script.steps, index))
        break
      case 'move':
        if (kindOf(step.source) !== kindOf(step.target)) tally.markInexact()
    }
  }
  return tally.result()
}

interface Job {
  readonly script: Script
  readonly tally: Tally
  readonly signal: AbortSignal
  readonly readOld?: ReadMember
}

function filesOf(step: Step): readonly string[] {
  return step.kind === 'move' ? [step.source, step.target] : [step.file]
}

function kindOf(file: string): string | undefined {
  return ruleOfMember(file)?.kind
}

/** The step that writes a member anew right after it was removed: how a builder says what an exchange cannot say. */
function rewriteOf(steps: readonly Step[], unlinkAt: number): EditStep | undefined {
  const [unlink, next] = [steps[unlinkAt], steps[unlinkAt + 1]]
  if (unlink?.kind !== 'unlink' || next?.kind !== 'edit' || next.file !== unlink.file) {
    return undefined
  }
  return next.edits.length === 0 ? next : undefined
}

function isRewrite(steps: readonly Step[], editAt: number): boolean {
  return editAt > 0 && rewriteOf(steps, editAt - 1) === steps[editAt]
}

async function tallyEdits({ script, tally, signal, readOld }: Job, step: EditStep): Promise<void> {
  const rule = ruleOfMember(step.file)
  if (rule === undefined) return
  if (rule.unit.per === 'file') {
    const before = step.edits.length > 0 || readOld?.(step.file) !== undefined
    tally.add({ kind: rule.kind, name: step.file })
    if (before) tally.drop({ kind: rule.kind, name: step.file })
    return
  }
  for (const line of additionsOf(script, step)) tallyNew(rule, line, tally)
  for (const { replacement } of editsOf(script, step)) {
    if (replacement !== undefined) tallyNew(rule, replacement, tally)
  }
  const old = step.edits.length === 0 ? undefined : readOld?.(step.file)
  if (old === undefined) {
    for (const { start } of editsOf(script, step)) tallyStart(rule, start, tally)
    return
  }
  const edits = editsOf(script, step)
  let next = edits.next()
  let at = 0
  await forEachLine(old, signal, (line) => {
    at += 1
    if (next.done === true || next.value.at !== at) return
    if (isSignature(line)) tally.drop(seenIn(rule, line))
    next = edits.next()
  })
}

/** `line` has its LF. */
function tallyNew(rule: MemberRule, line: Uint8Array, tally: Tally): void {
  const content = line.subarray(0, -1)
  if (isSignature(content)) tally.add(seenIn(rule, content))
}

function seenIn(rule: MemberRule, line: Uint8Array): Seen {
  return { kind: rule.kind, name: nameIn(rule, line, true), sum: sumOf(line) }
}

function tallyStart(rule: MemberRule, start: Uint8Array, tally: Tally): void {
  if (!isSignature(start)) return
  // Without the line its new place cannot be told from another signature either.
  tally.markInexact()
  tally.drop({ kind: rule.kind, name: nameIn(rule, start, false) })
}

async function tallyUnlink(
  { script, tally, signal, readOld }: Job,
  file: string,
  rewrite: EditStep | undefined,
): Promise<void> {
  const rule = ruleOfMember(file)
  if (rule === undefined) return
  const known = readOld?.(file) !== undefined
  if (!known) tally.markInexact()
  const before = () => readOld?.(file) ?? nothing()
  const versions = {
    ...(known || rule.unit.per === 'file' ? { before } : {}),
    ...(rewrite === undefined ? {} : { after: () => inChunks(additionsOf(script, rewrite)) }),
  }
  await tallyMember(file, rule, versions, tally, signal)
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* inChunks(lines: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* lines
}
