import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { MirrorError, makeBundle } from '#roles/mirror/index.ts'
import { CommandEnd, EXIT, say, sayJson } from '../../io.ts'
import { untilInterrupted } from '../cvd/common.ts'
import { megabytes } from '../megabytes.ts'
import type { BundleFlags } from './follower.ts'
import { granted } from './office.ts'

export async function bundle(file: string, flags: BundleFlags): Promise<void> {
  const { conf, since, json } = flags
  const output = resolve(file)
  const made = granted(
    await makeBundle({
      confFile: resolve(conf),
      home: homedir(),
      output,
      since: since === undefined ? undefined : resolve(since),
      signal: untilInterrupted(),
    }).catch((error: unknown) => {
      if (!(error instanceof MirrorError)) throw error
      throw new CommandEnd(EXIT.usage, error.faults.join('\n'))
    }),
  )
  if (json === true) {
    sayJson({ file: output, ...made })
    return
  }
  const { serial, generation, files, bytes, unchanged, remade } = made
  say(`release ${serial} generation ${generation}: ${files} files, ${megabytes(bytes)}`)
  if (unchanged > 0) say(`left out: ${unchanged} files that were carried before`)
  if (remade.length > 0) say(`left out: ${remade.join(', ')}, made of patches where it is loaded`)
  say(`There:  cvdnet clientsync ${output} --conf …/clam-clientsync.conf`)
}
