import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { describeTrustFolderFault, readTrustFolder } from '#adapters/clamsign/index.ts'
import type { PublisherSettings } from '#formats/cvdnet-toml/index.ts'
import {
  CLAMAV_KEYS,
  describeKeyFault,
  type PublisherKeys,
  type PublisherSecrets,
  parsePublisherKeys,
  parsePublisherSecrets,
  publicKeys,
} from '#formats/dsig/index.ts'
import type { MasterPublisher } from '#roles/master/index.ts'
import { CommandEnd, EXIT, ended } from '../../io.ts'
import { mustRead } from './secrets.ts'

/** Reads what the settings name, and checks that it is about one publisher. Throws `CommandEnd`. */
export async function readPublisher(settings: PublisherSettings): Promise<MasterPublisher> {
  const { name, certs, always } = settings
  const keys = settings.keys === undefined ? CLAMAV_KEYS : await readKeys(settings.keys)
  if (keys.publisher !== name) {
    throw unusable(`"${settings.keys}" holds keys of "${keys.publisher}", not of "${name}"`)
  }
  if (certs !== undefined) await checkCertificates(certs)
  const rest = { keys, always, ...(certs === undefined ? {} : { certs }) }
  if (settings.secrets === undefined) return rest
  const secrets = await readSecrets(settings.secrets)
  if (!isDeepStrictEqual(publicKeys(secrets), keys)) {
    throw unusable(`"${settings.secrets}" and "${settings.keys}" do not belong together`)
  }
  return { ...rest, secrets }
}

async function readKeys(file: string): Promise<PublisherKeys> {
  const keys = parsePublisherKeys(await mustRead(file))
  if (keys.ok) return keys.value
  throw unusable(`"${file}" holds no keys: ${describeKeyFault(keys.fault)}`)
}

/** Who can read them can sign for the publisher. */
async function readSecrets(file: string): Promise<PublisherSecrets> {
  const { mode, text } = await readWithMode(file).catch((cause: unknown) => {
    throw ended(EXIT.world, `Cannot read "${file}"`, cause)
  })
  if ((mode & 0o077) !== 0) throw unusable(`"${file}": others may read it (chmod 600)`)
  const secrets = parsePublisherSecrets(text)
  if (secrets.ok) return secrets.value
  throw unusable(`"${file}" holds no secret keys: ${describeKeyFault(secrets.fault)}`)
}

async function readWithMode(
  file: string,
): Promise<{ readonly mode: number; readonly text: string }> {
  await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  const { mode } = await handle.stat()
  return { mode, text: await handle.readFile('utf8') }
}

/** They are read again for each set, so that new ones need no restart; here only so that a mistake is told at once. */
async function checkCertificates(folder: string): Promise<void> {
  const never = new AbortController().signal
  const trust = await readTrustFolder(folder, never).catch((cause: unknown) => {
    throw ended(EXIT.world, `Cannot read the certificates in "${folder}"`, cause)
  })
  if (!trust.ok) throw unusable(`"${folder}": ${describeTrustFolderFault(trust.fault)}`)
}

function unusable(reason: string): CommandEnd {
  return new CommandEnd(EXIT.usage, `Cannot use a publisher: ${reason}`)
}
