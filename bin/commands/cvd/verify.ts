import { examineFile, examineFileOuter, kindOfFile } from '#adapters/databases/index.ts'
import { lostZerosOf, verifiersOf } from '#core/databases/index.ts'
import { complain, EXIT, type ExitStatus, say } from '../../io.ts'
import { checkSign, trustIn } from './check-sign.ts'
import { forEachFile, readPublishers, untilInterrupted } from './common.ts'
import { examinePatch, isPatch, sayPatchVerdict } from './patch.ts'
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
 * engine makes of the `.sign` beside it; a file that is no database, such as a patch, is judged by that alone. Without
 * it a patch is judged by the signature inside.
 */
export async function verify(files: readonly string[], options: VerifyOptions): Promise<void> {
  const { unsigned = false, outer = false, certs, level } = options
  const publishers = await readPublishers(options.keys)
  const verifiers = verifiersOf(publishers)
  const trust = certs === undefined ? undefined : await trustIn(certs, untilInterrupted())
  const examine = outer ? examineFileOuter : examineFile
  await forEachFile(files, async (file, signal) => {
    const levels = level === undefined ? {} : { level }
    const signed = (required: boolean): Promise<ExitStatus> =>
      trust === undefined
        ? Promise.resolve(EXIT.done)
        : checkSign(file, { trust, required, signal, ...levels })
    if (trust !== undefined && kindOfFile(file) === undefined) return signed(true)
    if (isPatch(file)) return sayPatchVerdict(await examinePatch(file, publishers, signal))
    const found = await examine(file, { verifiers, signal })
    const verdict = verdictOn(found, lostZerosOf(found, publishers))
    say(`${file}: ${verdictText(verdict)}`)
    for (const reason of reasonsFor(verdict, unsigned)) complain(`${file}: ${reason}`)
    const beside = await signed(false)
    return beside === EXIT.done ? statusOf(verdict, unsigned) : beside
  })
}
