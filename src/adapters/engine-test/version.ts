import { runProgram } from '#adapters/system/index.ts'
import { SEARCH_PATH } from './try.ts'

/** It only prints a line. */
const VERSION_MS_MAX = 10_000

/** `1.4.6`, as the engine here calls itself; undefined: there is none, or it says something else. */
export async function engineVersion(signal: AbortSignal): Promise<string | undefined> {
  let version: string | undefined
  await runProgram({
    command: 'clamscan',
    args: ['--version'],
    env: { PATH: SEARCH_PATH },
    onLine: (line) => {
      version ??= /^ClamAV (\d[\w.-]{0,40})(?:\/|$)/.exec(line)?.[1]
    },
    msMax: VERSION_MS_MAX,
    signal,
  })
  return version
}
