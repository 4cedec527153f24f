import { unpackFile } from '#adapters/databases/index.ts'
import { lostZerosOf, verifiersOf } from '#core/databases/index.ts'
import type { OuterExamination } from '#formats/cvd/index.ts'
import { describeLostZeros } from '#formats/dsig/index.ts'
import { complain, EXIT, say } from '../../io.ts'
import { forEachFile, readPublishers } from './common.ts'
import { reasonsFor, statusOf, verdictOn, verdictText } from './verdict.ts'

/** `cvdnet cvd unpack`: the folder is there only if the database passed. */
export async function unpack(
  file: string,
  folder: string,
  options: { readonly keys: readonly string[]; readonly unsigned?: boolean },
): Promise<void> {
  const { unsigned = false } = options
  const publishers = await readPublishers(options.keys)
  const verifiers = verifiersOf(publishers)
  await forEachFile([file], async (path, signal) => {
    const accept = (found: OuterExamination) => statusOf(verdictOn(found), unsigned) === EXIT.done
    const examination = await unpackFile(path, folder, { verifiers, signal, accept })
    const verdict = verdictOn(examination)
    const count = accept(examination) ? `${examination.members.length} members` : 'nothing'
    say(`${path}: ${verdictText(verdict)}; ${count} unpacked into ${folder}`)
    for (const role of lostZerosOf(examination, publishers)) {
      complain(`${path}: ${describeLostZeros(role)}`)
    }
    for (const reason of reasonsFor(verdict, unsigned)) complain(`${path}: ${reason}`)
    return statusOf(verdict, unsigned)
  })
}
