import { makeLegacy } from '#adapters/databases/index.ts'
import type { Examination } from '#formats/cvd/index.ts'
import { complain, EXIT, say } from '../../io.ts'
import type { LegacyCommandOptions } from '../cvd-legacy.ts'
import { forEachFile, readVerifiers } from './common.ts'
import { reasonsFor, statusOf, verdictOn } from './verdict.ts'

/** `cvdnet cvd legacy`: both databases are verified first; all four files appear, or none. */
export async function writeLegacy(
  main: string,
  daily: string,
  options: LegacyCommandOptions,
): Promise<void> {
  const { output, unsigned = false } = options
  const verifiers = await readVerifiers(options.keys)
  const accept = (found: Examination) => statusOf(verdictOn(found), unsigned) === EXIT.done
  await forEachFile([output], async (into, signal) => {
    const made = await makeLegacy({ main, daily, into, verifiers, accept, signal })
    if (made.ok) {
      for (const { database, checksum, counts } of made.value) {
        say(`${database.path}: ${counts.written} signatures, ${counts.leftOut} left out`)
        say(`${checksum.path}: ${database.md5}`)
      }
      return EXIT.done
    }
    const file = made.fault.side === 'main' ? main : daily
    if (made.fault.kind === 'nothing-to-say') {
      complain(`${file}: none of its ${made.fault.leftOut} signatures fits the old format`)
    } else {
      const verdict = verdictOn(made.fault.examination)
      for (const reason of reasonsFor(verdict, unsigned)) complain(`${file}: ${reason}`)
    }
    return EXIT.refused
  })
}
