import { writeFile } from 'node:fs/promises'
import { KeyError, newPublisherSecrets } from '#adapters/keys/index.ts'
import { printPublisherSecrets } from '#formats/dsig/index.ts'
import { CommandEnd, EXIT, say } from '../../io.ts'

/** Readable by the owner alone. */
const SECRET_MODE = 0o600

export async function newKey(name: string, output: string): Promise<void> {
  const secrets = await newPublisherSecrets(name).catch((error: unknown) => {
    if (!(error instanceof KeyError)) throw error
    const status = error.code === 'bad-publisher-name' ? EXIT.usage : EXIT.world
    throw new CommandEnd(status, error.message, { cause: error })
  })
  try {
    await writeFile(output, printPublisherSecrets(secrets), { flag: 'wx', mode: SECRET_MODE })
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    throw exists
      ? new CommandEnd(EXIT.usage, `"${output}" exists already and is left alone`, { cause: error })
      : new CommandEnd(EXIT.world, `cannot write "${output}"`, { cause: error })
  }
  say(`${output}: the secret keys of ${name}. Keep them where only the signing is done.`)
  say(`The public ones, for --keys: cvdnet key show ${output}`)
}
