import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { describeSettingsFault, parseSettings, type Settings } from '#formats/cvdnet-toml/index.ts'
import { CommandEnd, complain, EXIT, ended } from '../../io.ts'

/** Every fault of the file is told at once, each with its line; then the command ends as wrong use. */
export async function readSettings(file: string): Promise<Settings> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw ended(EXIT.world, `Cannot read "${file}"`, cause)
  })
  return settingsIn(text, file)
}

/** The same of its text. `state` of a node that runs is kept in the place of the file's. */
export function settingsIn(
  text: string,
  file: string,
  running: { readonly state?: string } = {},
): Settings {
  const settings = parseSettings(text, { folder: resolve(dirname(file)), ...running })
  if (settings.ok) return settings.value
  for (const fault of settings.fault) complain(`${file}: ${describeSettingsFault(fault)}`)
  throw new CommandEnd(EXIT.usage, `"${file}" has ${settings.fault.length} fault(s)`)
}
