/** A look at what was set up, as those who will read it look at it. */
import { dirname, join } from 'node:path'
import { readIfThere } from '#adapters/disk/index.ts'
import { AT_HOME } from '#core/kit/index.ts'
import { describeSettingsFault, parseSettings } from '#formats/cvdnet-toml/index.ts'
import { loadSettings } from './settings.ts'

/** What `cvdnet clientsync` and `cvdnet run` would say to it. */
export async function selfCheck(home: string, settingsFile: string): Promise<string[]> {
  const conf = await loadSettings(join(home, AT_HOME.conf), home)
  const text = (await readIfThere(settingsFile)) ?? ''
  const settings = parseSettings(text, { folder: dirname(settingsFile) })
  return [
    ...(conf.ok ? [] : conf.fault),
    ...(settings.ok
      ? []
      : settings.fault.map((fault) => `${settingsFile}: ${describeSettingsFault(fault)}`)),
  ]
}
