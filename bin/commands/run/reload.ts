import type { Settings } from '#formats/cvdnet-toml/index.ts'
import { CommandEnd, complain, say } from '../../io.ts'
import type { RunningRoles } from './roles.ts'
import { mustRead } from './secrets.ts'
import { settingsIn } from './settings.ts'

/**
 * Reads the settings again and has the roles follow them. Settings with faults change nothing: all of their faults are
 * told, and the node goes on as it was. Throws `CommandEnd` when a role cannot be started any more.
 */
export async function reload(
  roles: RunningRoles,
  file: string,
  { state }: Pick<Settings, 'state'>,
  signal: AbortSignal,
): Promise<void> {
  const settings = await readAgain(file, state)
  if (settings === undefined) return
  const { did, left } = await roles.reload(settings, signal)
  for (const line of did) say(`reloaded: ${line}`)
  for (const line of left) complain(`not reloaded: ${line}`)
  if (did.length === 0 && left.length === 0 && !signal.aborted) say('reloaded: nothing to change')
}

async function readAgain(file: string, state: string): Promise<Settings | undefined> {
  try {
    const text = await mustRead(file)
    const own = settingsIn(text, file)
    if (own.state === state) return own
    complain(`not reloaded: state stays "${state}" until a restart`)
    return settingsIn(text, file, { state })
  } catch (error) {
    if (!(error instanceof CommandEnd)) throw error
    complain(`not reloaded: ${error.message}; everything goes on as it was`)
    return undefined
  }
}
