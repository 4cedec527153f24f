import { unpackFile } from '#adapters/databases/index.ts'
import { complain, say } from '../../io.ts'
import { forEachFile, readVerifiers } from './common.ts'
import { reasonsFor, statusOf, verdictOn, verdictText } from './verdict.ts'

/** `cvdnet cvd unpack`: the folder is there only if nothing was wrong with the database. */
export async function unpack(
  file: string,
  folder: string,
  options: { readonly keys: readonly string[]; readonly unsigned?: boolean },
): Promise<void> {
  const { unsigned = false } = options
  const verifiers = await readVerifiers(options.keys)
  await forEachFile([file], async (path, signal) => {
    const examination = await unpackFile(path, folder, { verifiers, signal })
    const verdict = verdictOn(examination)
    const count = verdict.kind === 'not-verified' ? 'nothing' : examination.members.length
    say(`${path}: ${verdictText(verdict)}; ${count} unpacked into ${folder}`)
    for (const reason of reasonsFor(verdict, unsigned)) complain(`${path}: ${reason}`)
    return statusOf(verdict, unsigned)
  })
}
