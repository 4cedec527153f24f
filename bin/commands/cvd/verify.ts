import { examineFile, examineFileOuter, kindOfFile } from '#adapters/databases/index.ts'
import { complain, EXIT, type ExitStatus, say } from '../../io.ts'
import { checkSign, trustIn } from './check-sign.ts'
import { forEachFile, readVerifiers, untilInterrupted } from './common.ts'
import { reasonsFor, statusOf, verdictOn, verdictText } from './verdict.ts'

export interface VerifyOptions {
  readonly keys: readonly string[]
  readonly unsigned?: boolean
  readonly outer?: boolean
  readonly certs?: string
  readonly level?: number
}

/**
 * `cvdnet cvd verify`: one line a file, the reasons on standard error. With `--certs` a second line tells what an
 * engine makes of the `.sign` beside it; a file that is no database, such as a patch, is judged by that alone.
 */
export async function verify(files: readonly string[], options: VerifyOptions): Promise<void> {
  const { unsigned = false, outer = false, certs, level } = options
  const verifiers = await readVerifiers(options.keys)
  const trust = certs === undefined ? undefined : await trustIn(certs, untilInterrupted())
  const examine = outer ? examineFileOuter : examineFile
  await forEachFile(files, async (file, signal) => {
    const levels = level === undefined ? {} : { level }
    const signed = (required: boolean): Promise<ExitStatus> =>
      trust === undefined
        ? Promise.resolve(EXIT.done)
        : checkSign(file, { trust, required, signal, ...levels })
    if (trust !== undefined && kindOfFile(file) === undefined) return signed(true)
    const verdict = verdictOn(await examine(file, { verifiers, signal }))
    say(`${file}: ${verdictText(verdict)}`)
    for (const reason of reasonsFor(verdict, unsigned)) complain(`${file}: ${reason}`)
    const beside = await signed(false)
    return beside === EXIT.done ? statusOf(verdict, unsigned) : beside
  })
}
