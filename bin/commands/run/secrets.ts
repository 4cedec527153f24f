import { readFile } from 'node:fs/promises'
import type { SecretPlace } from '#formats/cvdnet-toml/index.ts'
import { CommandEnd, EXIT, ended } from '../../io.ts'

/** `what` names it for the reader of a complaint. */
export async function readSecret(place: SecretPlace, what: string): Promise<string> {
  const text = place.kind === 'file' ? await mustRead(place.path) : (process.env[place.name] ?? '')
  const secret = text.trim()
  if (secret !== '') return secret
  const where = place.kind === 'file' ? `"${place.path}" is empty` : `${place.name} is not set`
  throw new CommandEnd(EXIT.usage, `Cannot use ${what}: ${where}`)
}

export async function mustRead(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((cause: unknown) => {
    throw ended(EXIT.world, `Cannot read "${file}"`, cause)
  })
}
