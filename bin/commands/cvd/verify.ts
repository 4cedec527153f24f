import { examineFile, examineFileOuter } from '#adapters/databases/index.ts'
import { complain, say } from '../../io.ts'
import { forEachFile, readVerifiers } from './common.ts'
import { reasonsFor, statusOf, verdictOn, verdictText } from './verdict.ts'

/** `cvdnet cvd verify`: one line a file, the reasons on standard error. */
export async function verify(
  files: readonly string[],
  options: {
    readonly keys: readonly string[]
    readonly unsigned?: boolean
    readonly outer?: boolean
  },
): Promise<void> {
  const { unsigned = false, outer = false } = options
  const verifiers = await readVerifiers(options.keys)
  const examine = outer ? examineFileOuter : examineFile
  await forEachFile(files, async (file, signal) => {
    const verdict = verdictOn(await examine(file, { verifiers, signal }))
    say(`${file}: ${verdictText(verdict)}`)
    for (const reason of reasonsFor(verdict, unsigned)) complain(`${file}: ${reason}`)
    return statusOf(verdict, unsigned)
  })
}
