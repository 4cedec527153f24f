import { readStart } from '#adapters/disk/index.ts'
import type { SecretPlace } from '#formats/cvdnet-toml/index.ts'
import { CommandEnd, EXIT, ended } from '../../io.ts'

/** Files of keys and settings have kilobytes; what is larger is another file. */
const BYTES_MAX = 4 * 1024 * 1024

/** `what` names it for the reader of a complaint. */
export async function readSecret(place: SecretPlace, what: string): Promise<string> {
  const text = place.kind === 'file' ? await mustRead(place.path) : (process.env[place.name] ?? '')
  const secret = text.trim()
  if (secret !== '') return secret
  const where = place.kind === 'file' ? `"${place.path}" is empty` : `${place.name} is not set`
  throw new CommandEnd(EXIT.usage, `Cannot use ${what}: ${where}`)
}

/** A plain file in UTF-8: a node that runs must not wait for the other end of a named pipe. Throws `CommandEnd`. */
export async function mustRead(file: string): Promise<string> {
  const bytes = await readStart(file, BYTES_MAX + 1).catch((cause: Error) => {
    throw ended(EXIT.world, cause.message, cause)
  })
  if (bytes.byteLength <= BYTES_MAX) return Buffer.from(bytes).toString('utf8')
  throw new CommandEnd(EXIT.usage, `"${file}" is larger than ${BYTES_MAX} bytes`)
}
