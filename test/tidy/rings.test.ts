import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, posix } from 'node:path'
import { test } from 'node:test'

/** Who may import whom: ARCHITECTURE.md, "Rings". */
const MAY_IMPORT: Record<string, readonly string[]> = {
  base: [],
  formats: ['base'],
  core: ['base', 'formats'],
  ports: ['base', 'formats', 'core'],
  adapters: ['base', 'formats', 'core', 'ports'],
  sim: ['base', 'formats', 'core', 'ports'],
  roles: ['base', 'formats', 'core', 'ports', 'adapters'],
}
const PURE = new Set(['base', 'formats', 'core'])
const BUILTINS_IN_PURE = new Set(['node:assert', 'node:buffer', 'node:crypto', 'node:zlib'])
const FOR_THE_SHELL = [
  /\bDate\.now\(/,
  /\bnew Date\(\)/,
  /\bMath\.random\(/,
  /\bprocess\./,
  /\bsetTimeout\(/,
  /\bfetch\(/,
]
/** Folders whose siblings must not know each other. */
const SIBLINGS_APART = new Set(['formats', 'adapters', 'roles'])
/** Writing so that a crash leaves old or new, the clock and threads are wanted by every adapter. */
const SIBLING_FOR_ALL = new Set(['adapters/disk', 'adapters/system'])
/** Adapters that add nothing but the order in which others work, or the one thing that tells two from each other. */
const MADE_OF_SIBLINGS: Record<string, readonly string[]> = {
  'adapters/patch-maker': ['adapters/databases', 'adapters/keys', 'adapters/patches'],
  'adapters/rebuild': ['adapters/databases', 'adapters/patches'],
  'adapters/sqlite': ['adapters/sql'],
  'adapters/postgres': ['adapters/sql'],
  'adapters/store': ['adapters/sqlite', 'adapters/postgres'],
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, spec = '']) => spec)
}

function target(file: string, spec: string): readonly string[] | undefined {
  if (spec.startsWith('#')) return spec.slice(1).split('/')
  if (spec.startsWith('.')) return posix.join(dirname(file), spec).split('/').slice(1)
  return undefined
}

const sources = globSync('src/**/*.ts', { exclude: ['**/*.test.ts'] })

test('imports point inward, and siblings stay apart', () => {
  const wrong: string[] = []
  for (const file of sources) {
    const [, ring = '', folder = ''] = file.split('/')
    for (const spec of importsOf(readFileSync(file, 'utf8'))) {
      const [toRing, toFolder] = target(file, spec) ?? []
      if (toRing !== undefined && toRing !== ring && !MAY_IMPORT[ring]?.includes(toRing)) {
        wrong.push(`${file}: ${ring} may not import ${toRing}`)
      }
      const open =
        SIBLING_FOR_ALL.has(`${toRing}/${toFolder}`) ||
        MADE_OF_SIBLINGS[`${ring}/${folder}`]?.includes(`${toRing}/${toFolder}`)
      if (toRing === ring && SIBLINGS_APART.has(ring) && toFolder !== folder && open !== true) {
        wrong.push(`${file}: ${ring}/${folder} may not import ${ring}/${toFolder}`)
      }
      if (spec.startsWith('node:') && PURE.has(ring) && !BUILTINS_IN_PURE.has(spec)) {
        wrong.push(`${file}: ${ring} may not import ${spec}`)
      }
    }
  }
  assert.deepEqual(wrong, [])
})

test('the folders within a folder are in no circle', () => {
  const knows = new Map<string, Set<string>>()
  for (const file of sources.filter((name) => name.split('/').length > 4)) {
    const [, ring, folder, own = ''] = file.split('/')
    for (const spec of importsOf(readFileSync(file, 'utf8'))) {
      const [toRing, toFolder, to = '', inside] = target(file, spec) ?? []
      if (toRing !== ring || toFolder !== folder || inside === undefined || to === own) continue
      const from = `${ring}/${folder}/${own}`
      knows.set(from, (knows.get(from) ?? new Set()).add(`${ring}/${folder}/${to}`))
    }
  }
  const circles = [...knows.keys()].filter((start) => reachable(start, knows).has(start))
  assert.deepEqual(circles, [])
})

function reachable(start: string, knows: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const seen = new Set<string>()
  const next = [...(knows.get(start) ?? [])]
  for (let folder = next.pop(); folder !== undefined; folder = next.pop()) {
    if (seen.has(folder)) continue
    seen.add(folder)
    next.push(...(knows.get(folder) ?? []))
  }
  return seen
}

test('pure rings read no clock, dice, environment or network', () => {
  const wrong: string[] = []
  for (const file of sources.filter((name) => PURE.has(name.split('/')[1] ?? ''))) {
    const text = readFileSync(file, 'utf8')
    for (const call of FOR_THE_SHELL) {
      if (call.test(text)) wrong.push(`${file}: ${call.source} is for the shell`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('no source file is longer than 300 lines', () => {
  const long = globSync(['src/**/*.ts', 'bin/**/*.ts', 'dev/**/*.ts', 'test/**/*.ts'])
    .map((file) => ({ file, lines: readFileSync(file, 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > 300)
  assert.deepEqual(long, [])
})
