import { join } from 'node:path'
import type { Settings } from '#formats/cvdnet-toml/index.ts'
import { masterFiles } from '#roles/master/index.ts'
import { CommandEnd, EXIT } from '../../io.ts'

/** Where the master of these settings takes triggers of another ssh server. */
export function masterSocket({ master, state }: Settings, config: string): string {
  if (master !== undefined) return masterFiles(join(state, 'master')).notifySocket
  throw new CommandEnd(EXIT.usage, `"${config}" has no [master]`)
}
