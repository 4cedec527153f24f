import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

/** The house rules that can be checked: CONTRIBUTING.md names them. */
const PAGES = globSync([
  '*.md',
  'docs/**/*.md',
  'src/**/README.md',
  'bench/**/*.md',
  'test/**/*.md',
]).sort()
const SOURCES = globSync([
  'src/**/*.ts',
  'bin/**/*.ts',
  'dev/**/*',
  'test/**/*.ts',
  'bench/**/*.ts',
  '.ci/*',
])
const FOLDERS = globSync('src/{formats,core,adapters,roles}/*/').sort()

function withoutFences(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '')
}

test('every link in a page leads to a file that is there', () => {
  const broken: string[] = []
  for (const page of PAGES) {
    for (const [, target = ''] of withoutFences(readFileSync(page, 'utf8')).matchAll(
      /\]\(([^)\s]+)\)/g,
    )) {
      const path = target.split('#')[0] ?? ''
      if (/^[a-z]+:/.test(target) || path === '') continue
      if (!existsSync(join(dirname(page), path))) broken.push(`${page}: ${target}`)
    }
  }
  assert.ok(PAGES.length > 10, 'pages were found')
  assert.deepEqual(broken, [])
})

const MAP = 'ARCHITECTURE.md'

test('every path that the map names is there', {
  skip: existsSync(MAP) ? false : `there is no ${MAP}`,
}, () => {
  const text = readFileSync(MAP, 'utf8')
  const paths = [...text.matchAll(/`((?:src|bin|dev|test|docs|bench)(?:\/[A-Za-z0-9_./-]*)?)`/g)]
  assert.ok(paths.length > 10, 'paths were found')
  assert.deepEqual(
    paths.map(([, path = '']) => path).filter((path) => !existsSync(path)),
    [],
  )
  assert.ok(text.split('\n').length <= 151, 'the map has at most 150 lines')
})

test('every folder has its README with the usual parts, and its door', () => {
  const wrong: string[] = []
  for (const folder of FOLDERS) {
    if (!existsSync(join(folder, 'index.ts'))) wrong.push(`${folder}: no index.ts`)
    const readme = join(folder, 'README.md')
    const text = existsSync(readme) ? readFileSync(readme, 'utf8') : ''
    for (const part of ['Purpose', 'Limits', 'Example']) {
      if (!text.includes(`**${part}.**`)) wrong.push(`${readme}: no ${part}`)
    }
  }
  assert.ok(FOLDERS.length > 10, 'folders were found')
  assert.deepEqual(wrong, [])
})

test('a door opens to names only', () => {
  const wrong = FOLDERS.map((folder) => join(folder, 'index.ts')).filter((door) => {
    const rest = readFileSync(door, 'utf8').replaceAll(
      /export (?:type )?\{[^}]*\} from '\.\/[^']+'/g,
      '',
    )
    return rest.trim() !== ''
  })
  assert.deepEqual(wrong, [])
})

test('examples in a README import what its door gives', async () => {
  const wrong: string[] = []
  for (const page of PAGES) {
    const fences = readFileSync(page, 'utf8').matchAll(/^```ts\n([\s\S]*?)^```$/gm)
    for (const [, code = ''] of fences) {
      for (const [, names = '', door = ''] of code.matchAll(
        /import \{([^}]*)\} from '(#[^']+)'/g,
      )) {
        const given: object = await import(door)
        const values = names
          .split(',')
          .map((name) => name.trim())
          .filter((name) => name !== '' && !name.startsWith('type '))
        wrong.push(
          ...values.filter((name) => !(name in given)).map((name) => `${page}: ${name} of ${door}`),
        )
      }
    }
  }
  assert.deepEqual(wrong, [])
})

test('nothing is left to do without an issue that says so', () => {
  // Put together here, so that this file does not find itself.
  const [later, broken] = ['TO' + 'DO', 'FIX' + 'ME']
  const loose = new RegExp(`\\b${broken}\\b|\\b${later}\\b(?!\\(issue \\d+\\))`)
  const wrong = [...SOURCES, ...PAGES].flatMap((file) => {
    if (!/\.(ts|sh|md)$|\.ci\//.test(file)) return []
    const lines = readFileSync(file, 'utf8').split('\n')
    return lines.flatMap((line, index) => (loose.test(line) ? [`${file}:${index + 1}`] : []))
  })
  assert.deepEqual(wrong, [])
})
