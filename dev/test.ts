/**
 * `npm test`: types, lint, then the tests. Pure rings share one process, since starting a process a file is what
 * costs; everything else gets its own. Names given as arguments run only the files whose path contains one of them.
 * In continuous integration a skipped test is a failure: there nothing is missing.
 */
import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const PURE = /^src\/(base|formats|core)\//
/** Above the slowest test there is, a fuzz of some minutes on a busy machine. */
const TEST_TIMEOUT_MS = 300_000
/** A file a core. */
const FILES_AT_A_TIME = 2

/** Hundreds of processes load the same modules: compiled once they take half of the processor's time. */
process.env['NODE_COMPILE_CACHE'] = resolve('.cache', 'compiled')

const wanted = process.argv.slice(2)
const files = globSync(['src/**/*.test.ts', 'test/**/*.test.ts', 'bin/**/*.test.ts'])
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort()

function run(title: string, command: string, args: readonly string[]): boolean {
  console.log(`\n# ${title}`)
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0
}

function runTests(title: string, name: string, args: readonly string[], tests: readonly string[]) {
  if (tests.length === 0) return true
  const record = `.cache/tests-${name}.tap`
  mkdirSync('.cache', { recursive: true })
  const reporters = [
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...['--test-reporter=tap', `--test-reporter-destination=${record}`],
  ]
  const common = ['--test', `--test-timeout=${TEST_TIMEOUT_MS}`, ...reporters]
  const passed = run(title, process.execPath, [...common, ...args, ...tests])
  return passed && !skippedInCi(record)
}

function skippedInCi(record: string): boolean {
  const skipped = readFileSync(record, 'utf8').match(/^.*# SKIP.*$/gm) ?? []
  if (process.env['CI'] === undefined || skipped.length === 0) return false
  console.error(`\nSkipped, where nothing should be missing:\n${skipped.join('\n')}`)
  return true
}

const pure = files.filter((file) => PURE.test(file))
const impure = files.filter((file) => !PURE.test(file))
const passed = [
  wanted.length > 0 || run('types', 'node_modules/.bin/tsc', []),
  wanted.length > 0 || run('lint', 'node_modules/.bin/biome', ['check', '.']),
  runTests('tests: pure rings', 'pure', ['--test-isolation=none'], pure),
  runTests('tests: the world', 'world', [`--test-concurrency=${FILES_AT_A_TIME}`], impure),
]
process.exitCode = passed.every(Boolean) ? 0 : 1
