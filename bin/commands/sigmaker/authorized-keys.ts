import { join, resolve } from 'node:path'
import { authorizedKeysNotify } from '#core/kit/index.ts'
import { CommandEnd, EXIT } from '../../io.ts'
import { openOffice } from '../mirror/office.ts'

const ROOT_OF_PROGRAM = join(import.meta.dirname, '..', '..', '..')

/** Throws `CommandEnd` for a path that no line of `authorized_keys` can hold. */
export async function printSigmakerKeys(flags: { readonly config: string }): Promise<void> {
  await using office = await openOffice(flags.config)
  const config = resolve(flags.config)
  const program = [process.execPath, join(ROOT_OF_PROGRAM, 'bin', 'cvdnet.ts')]
  for (const path of [...program, config]) {
    if (/^[\x20-\x7e]+$/.test(path) && !/["'\\]/.test(path)) continue
    throw new CommandEnd(EXIT.refused, `"${path}" cannot stand in authorized_keys: it has quotes`)
  }
  process.stdout.write(authorizedKeysNotify(await office.sigmakers.all(), { program, config }))
}
