import { DiskError, errnoOf, writeNewFile } from '#adapters/disk/index.ts'
import { KeyError, newPublisherSecrets } from '#adapters/keys/index.ts'
import { printPublisherSecrets } from '#formats/dsig/index.ts'
import { CommandEnd, EXIT, say } from '../../io.ts'

const NAME_RULE =
  ': a name has 1 to 32 letters, digits, ".", "_", "-", starts with one of the first two, and is not ClamAV'
/** Readable by the owner alone. */
const SECRET_MODE = 0o600

export async function newKey(name: string, output: string): Promise<void> {
  const secrets = await newPublisherSecrets(name).catch((error: unknown) => {
    if (!(error instanceof KeyError)) throw error
    const status = error.code === 'bad-publisher-name' ? EXIT.usage : EXIT.world
    throw new CommandEnd(status, `${error.message}${status === EXIT.usage ? NAME_RULE : ''}`, {
      cause: error,
    })
  })
  try {
    await writeNewFile(output, printPublisherSecrets(secrets), { mode: SECRET_MODE })
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    throw errnoOf(error.cause) === 'EEXIST'
      ? new CommandEnd(EXIT.usage, `"${output}" exists already and is left alone`, { cause: error })
      : new CommandEnd(EXIT.world, error.message, { cause: error })
  }
  say(`${output}: the secret keys of ${name}. Keep them where only the signing is done.`)
  say(`The public ones, for --keys: cvdnet key show ${output} > ${name}.keys`)
}
