import {
  describeKeyFault,
  parsePublisherKeys,
  parsePublisherSecrets,
  printPublisherKeys,
  publicKeys,
} from '#formats/dsig/index.ts'
import { CommandEnd, EXIT } from '../../io.ts'
import { readText } from '../cvd/common.ts'

export async function showKey(file: string): Promise<void> {
  const text = await readText(file)
  const secrets = parsePublisherSecrets(text)
  const keys = parsePublisherKeys(text)
  if (secrets.ok) process.stdout.write(printPublisherKeys(publicKeys(secrets.value)))
  else if (keys.ok) process.stdout.write(printPublisherKeys(keys.value))
  else {
    throw new CommandEnd(EXIT.refused, `"${file}" holds no keys: ${describeKeyFault(keys.fault)}`)
  }
}
