import { forEachLine } from './lines.ts'
import { isSignature, type MemberRule, nameIn, ruleOfMember } from './signature-name.ts'
import { sumOf } from './sum.ts'
import { type Changes, type Seen, Tally } from './tally.ts'

/** The members of one version. `read` is called up to twice a member. */
export interface MemberSet {
  readonly names: Iterable<string>
  read(name: string): AsyncIterable<Uint8Array>
}

/**
 * What changed between two versions, where there is no patch between them. Lines are compared by 53-bit sums, eight
 * bytes each: two million lines take 32 MiB, and only lines that differ are looked at again for their names. The order
 * of lines does not count.
 */
export async function changesBetween(
  before: MemberSet,
  after: MemberSet,
  signal: AbortSignal,
): Promise<Changes> {
  const tally = new Tally()
  const [old, fresh] = [new Set(before.names), new Set(after.names)]
  for (const name of new Set([...old, ...fresh])) {
    const rule = ruleOfMember(name)
    if (rule === undefined) continue
    const versions = {
      ...(old.has(name) ? { before: () => before.read(name) } : {}),
      ...(fresh.has(name) ? { after: () => after.read(name) } : {}),
    }
    await tallyMember(name, rule, versions, tally, signal)
  }
  return tally.result()
}

type Read = () => AsyncIterable<Uint8Array>

/** One member of which both versions, or one, can be read, twice if need be. */
export async function tallyMember(
  name: string,
  rule: MemberRule,
  { before, after }: { readonly before?: Read; readonly after?: Read },
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  const oldSums = before === undefined ? NONE : await sumsOf(rule, before(), signal)
  const newSums = after === undefined ? NONE : await sumsOf(rule, after(), signal)
  if (rule.unit.per === 'file') {
    const same = before !== undefined && after !== undefined && sameSums(oldSums, newSums)
    if (after !== undefined && !same) tally.add({ kind: rule.kind, name })
    if (before !== undefined && !same) tally.drop({ kind: rule.kind, name })
    return
  }
  const { gone, come } = difference(oldSums, newSums)
  if (before !== undefined) await look(rule, gone, before, signal, (seen) => tally.drop(seen))
  if (after !== undefined) await look(rule, come, after, signal, (seen) => tally.add(seen))
}

const NONE = new Float64Array(0)

/** Sums and how often each is to be found. */
type Wanted = Map<number, number>

async function look(
  rule: MemberRule,
  wanted: Wanted,
  read: Read,
  signal: AbortSignal,
  found: (seen: Seen) => void,
): Promise<void> {
  if (wanted.size === 0) return
  await forEachLine(read(), signal, (line) => {
    if (!isSignature(line)) return
    const sum = sumOf(line)
    const left = wanted.get(sum) ?? 0
    if (left === 0) return
    wanted.set(sum, left - 1)
    found({ kind: rule.kind, name: nameIn(rule, line, true), sum })
  })
}

/** Of the signatures, sorted; of a member that is one signature all lines, in order. */
async function sumsOf(
  rule: MemberRule,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<Float64Array> {
  let sums = new Float64Array(1024)
  let count = 0
  await forEachLine(chunks, signal, (line) => {
    if (rule.unit.per === 'lines' && !isSignature(line)) return
    if (count === sums.length) {
      const larger = new Float64Array(count * 2)
      larger.set(sums)
      sums = larger
    }
    sums[count++] = sumOf(line)
  })
  const used = sums.subarray(0, count)
  return rule.unit.per === 'lines' ? used.sort() : used
}

function sameSums(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((sum, index) => sum === b[index])
}

/** What is only in one of two sorted lists, with how often. */
function difference(
  before: Float64Array,
  after: Float64Array,
): { readonly gone: Wanted; readonly come: Wanted } {
  const gone: Wanted = new Map()
  const come: Wanted = new Map()
  let [old, fresh] = [0, 0]
  while (old < before.length || fresh < after.length) {
    const [left, right] = [
      before[old] ?? Number.POSITIVE_INFINITY,
      after[fresh] ?? Number.POSITIVE_INFINITY,
    ]
    if (left <= right) old += 1
    if (right <= left) fresh += 1
    if (left < right) gone.set(left, (gone.get(left) ?? 0) + 1)
    if (right < left) come.set(right, (come.get(right) ?? 0) + 1)
  }
  return { gone, come }
}
