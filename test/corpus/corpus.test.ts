import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { applyScript, diffMembers, MemoryFolder, parseScript } from '#formats/cdiff/index.ts'

const at = (...names: readonly string[]) => join(import.meta.dirname, ...names)
const MEMBERS = [
  ['a.ndb', Buffer.from('one\ntwo\nthree\n')],
  ['b.ndb', Buffer.from('x\n\n y\n')],
] as const

async function fateOf(bytes: Uint8Array): Promise<string> {
  const script = parseScript(bytes)
  if (!script.ok) return `parse: ${script.fault.kind}`
  const end = await applyScript(script.value, new MemoryFolder(MEMBERS, 3))
  return end.ok ? 'applies' : `apply: ${end.fault.kind}`
}

const scripts = globSync(at('scripts', '*.script')).sort()
for (const path of scripts) {
  test(`script ${basename(path, '.script')}`, async () => {
    const bytes = readFileSync(path)
    assert.equal(await fateOf(bytes), bytes.toString('latin1').split('\n')[0]?.slice(2))
  })
}

const NAME = 'a.ndb'

function setOf(bytes: Uint8Array, blockBytes: number) {
  const read = () => new MemoryFolder([[NAME, bytes]], blockBytes).read(NAME) ?? assert.fail()
  return { names: [NAME], read }
}

function written(text: string): Buffer {
  const bytes = text
    .replaceAll('\\f\n', '')
    .replaceAll('\\0', '\0')
    .replaceAll('\\r', '\r')
    .replaceAll('\\x20', ' ')
  return Buffer.from(bytes)
}

const diffs = globSync(at('diffs', '*.txt')).sort()
for (const path of diffs) {
  test(`diff ${basename(path, '.txt')} leads from one to the other, and back`, async () => {
    const [before = '', after = ''] = readFileSync(path, 'utf8').split('-----\n')
    const forth = [written(before), written(after)] as const
    for (const [old, fresh] of [forth, forth.toReversed()]) {
      assert.ok(old !== undefined && fresh !== undefined)
      for (const blockBytes of [1, 7, 65_536]) {
        const script = await diffMembers(setOf(old, blockBytes), setOf(fresh, blockBytes))
        if (!script.ok) {
          assert.ok(fresh.includes(0) || fresh.includes('\r') || fresh.at(-1) !== 0x0a)
          continue
        }
        const parsed = parseScript(script.value)
        assert.ok(parsed.ok)
        const folder = new MemoryFolder([[NAME, old]])
        const end = await applyScript(parsed.value, folder)
        assert.ok(end.ok, JSON.stringify(end))
        assert.deepEqual(Buffer.from(folder.members.get(NAME) ?? []), fresh)
      }
    }
  })
}

test('the corpus is there', () => {
  assert.ok(scripts.length > 20 && diffs.length > 15)
})
