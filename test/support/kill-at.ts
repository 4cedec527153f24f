/**
 * For the kill tests, before any program: `node --import …/kill-at.ts PROGRAM`. The process ends itself, as a power cut
 * would, before one of its steps that change the disk: calls of `node:fs/promises`. KILL_AT is the step's number, from
 * 0, or a regular expression for the call and its arguments; KILL_WITH another signal than SIGKILL.
 */
import fs, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const { KILL_AT: at = '', KILL_WITH: signal = 'SIGKILL' } = process.env
const isHere = /^\d+$/.test(at)
  ? () => steps === Number(at)
  : (call: string) => new RegExp(at).test(call)
let steps = 0

function step(call: string): void {
  if (isHere(call)) process.kill(process.pid, signal)
  steps += 1
}

type Call = (...args: never[]) => unknown

function counted<T extends Call>(call: T, changes: (...args: Parameters<T>) => boolean): T {
  const replacement = function (this: unknown, ...args: Parameters<T>): unknown {
    if (changes(...args)) step([call.name, ...args].join(' '))
    return Reflect.apply(call, this, args)
  }
  return replacement as T
}

const always = () => true
for (const name of ['mkdir', 'rename', 'link', 'symlink', 'rm', 'truncate', 'copyFile'] as const) {
  Object.assign(fs, { [name]: counted(fs[name], always) })
}
const open = fs.open
Object.assign(fs, { open: counted(open, (_path, flags) => flags !== undefined && flags !== 'r') })

await using own = await open(import.meta.filename, 'r')
const handle: FileHandle = Object.getPrototypeOf(own)
for (const name of ['writeFile', 'chmod', 'sync'] as const) {
  Object.assign(handle, { [name]: counted(handle[name], always) })
}
syncBuiltinESMExports()
