import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { applyScript } from './apply.ts'
import { composeScripts, type LineCounts } from './compose.ts'
import { diffMembers } from './diff.ts'
import { MemoryFolder } from './memory-folder.ts'
import { parseScript, type Script } from './script.ts'

type Members = Readonly<Record<string, string>>

function folderOf(members: Members): MemoryFolder {
  return new MemoryFolder(
    Object.entries(members).map(([name, text]) => [name, Buffer.from(text)] as const),
  )
}

function scriptOf(text: string | Uint8Array): Script {
  const script = parseScript(Buffer.from(text))
  assert.ok(script.ok, `${JSON.stringify(script)} in ${text}`)
  return script.value
}

async function diff(old: Members, fresh: Members): Promise<Script> {
  const set = (members: Members) => ({
    names: Object.keys(members),
    read: (name: string) => {
      const blocks = folderOf(members).read(name)
      assert.ok(blocks)
      return blocks
    },
  })
  const script = await diffMembers(set(old), set(fresh))
  assert.ok(script.ok)
  return scriptOf(script.value)
}

async function applied(old: Members, script: Script): Promise<Members> {
  const folder = folderOf(old)
  const end = await applyScript(script, folder)
  assert.ok(end.ok, JSON.stringify(end))
  return Object.fromEntries(
    [...folder.members].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]),
  )
}

const countsOf = (members: Members): LineCounts =>
  new Map(Object.entries(members).map(([name, text]) => [name, text.split('\n').length - 1]))

function composed(first: string, second: string, counts?: LineCounts): string {
  const script = composeScripts(scriptOf(first), scriptOf(second), counts)
  assert.ok(script.ok, JSON.stringify(script))
  return Buffer.from(script.value).toString()
}

test('a line that comes and goes is not said', () => {
  const first = 'OPEN f\nDEL 2 b\nADD x\nADD y\nCLOSE\n'
  const second = 'OPEN f\nDEL 1 a\nDEL 3 x\nADD z\nCLOSE\n'
  assert.equal(
    composed(first, second, new Map([['f', 3]])),
    'OPEN f\nDEL 1 a\nDEL 2 b\nADD y\nADD z\nCLOSE\n',
  )
})

test('a line that changed twice changes once', () => {
  const first = 'OPEN f\nDEL 1 a\nXCHG 2 b bb\nCLOSE\n'
  const second = 'OPEN f\nXCHG 1 bb bbb\nCLOSE\n'
  const counts = new Map([['f', 9]])
  assert.equal(composed(first, second, counts), 'OPEN f\nDEL 1 a\nXCHG 2 b bbb\nCLOSE\n')
})

test('without the numbers of lines, or with moves, scripts stand in a row', () => {
  const first = 'OPEN f\nADD x\nCLOSE\nMOVE g h 1 a 2 b\n'
  const second = '#LSIZE 40000\nOPEN g\nDEL 1 a\nCLOSE\nUNLINK f\n'
  assert.equal(composed(first, second), first + second)
  assert.equal(composed(first, second, new Map([['g', 1]])), first + second)
})

test('scripts that do not belong together are refused where that can be seen', () => {
  const first = scriptOf('OPEN f\nXCHG 1 a b\nADD x\nCLOSE\n')
  for (const second of ['DEL 1 c', 'DEL 3 y', 'DEL 4 x']) {
    const script = composeScripts(
      first,
      scriptOf(`OPEN f\n${second}\nCLOSE\n`),
      new Map([['f', 2]]),
    )
    assert.deepEqual(script, { ok: false, fault: { kind: 'scripts-do-not-fit', file: 'f' } })
  }
})

const word = fc.constantFrom('', 'a', 'b', 'c d', 'e:f', ' g', 'another')
const content = fc
  .array(word, { minLength: 1, maxLength: 25 })
  .map((texts) => texts.map((text) => `${text}\n`).join(''))
const members = fc.dictionary(fc.constantFrom('f', 'g', 'h'), content, { maxKeys: 3 })

test('law: two scripts in one do what both do in turn', async () => {
  await fc.assert(
    fc.asyncProperty(members, members, members, fc.boolean(), async (a, b, c, known) => {
      const [first, second] = [await diff(a, b), await diff(b, c)]
      const script = composeScripts(first, second, known ? countsOf(a) : undefined)
      assert.ok(script.ok, JSON.stringify(script))
      assert.deepEqual(await applied({ ...a }, scriptOf(script.value)), { ...c })
    }),
    { numRuns: 1000 },
  )
})
