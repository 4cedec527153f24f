/**
 * `npm test`: types, lint, then the tests. Pure rings share one process, since starting a process a file is what
 * costs; everything else gets its own. Names given as arguments run only the files whose path contains one of them.
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

const PURE = /^src\/(base|formats|core)\//
const wanted = process.argv.slice(2)
const files = globSync([
  'src/**/*.test.ts',
  'test/**/*.test.ts',
  'bin/**/*.test.ts',
  'dev/**/*.test.ts',
])
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort()

function run(title: string, command: string, args: readonly string[]): boolean {
  console.log(`\n# ${title}`)
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0
}

const COMMON = ['--test', '--test-reporter=spec', '--test-timeout=300000']
const pure = files.filter((file) => PURE.test(file))
const impure = files.filter((file) => !PURE.test(file))
const passed = [
  wanted.length > 0 || run('types', 'node_modules/.bin/tsc', []),
  wanted.length > 0 || run('lint', 'node_modules/.bin/biome', ['check', '.']),
  pure.length === 0 ||
    run('tests: pure rings', process.execPath, [...COMMON, '--test-isolation=none', ...pure]),
  impure.length === 0 ||
    run('tests: the world', process.execPath, [...COMMON, '--test-concurrency=2', ...impure]),
]
process.exitCode = passed.every(Boolean) ? 0 : 1
