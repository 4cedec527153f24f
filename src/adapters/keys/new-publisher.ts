import { generateKeyPair, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import {
  EXPONENTS,
  type KeyRole,
  MODULUS_BITS,
  type PublisherSecrets,
  parsePublisherSecrets,
  printPublisherSecrets,
  type RsaPrivateKey,
  SALT_BYTES,
} from '#formats/dsig/index.ts'

const makeKeyPair = promisify(generateKeyPair)

export class KeyError extends Error {
  override readonly name = 'KeyError'
  readonly code: 'bad-publisher-name' | 'key-generation-failed'

  constructor(code: KeyError['code'], action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}

/** Fresh secrets for one publisher. Throws `KeyError`. */
export async function newPublisherSecrets(publisher: string): Promise<PublisherSecrets> {
  const [header, info, patch] = await Promise.all([
    newKey('header'),
    newKey('info'),
    newKey('patch'),
  ])
  const secrets = parsePublisherSecrets(printPublisherSecrets({ publisher, header, info, patch }))
  if (secrets.ok) return secrets.value
  if (secrets.fault.kind.endsWith('publisher-name')) {
    throw new KeyError('bad-publisher-name', `make keys for a publisher called "${publisher}"`)
  }
  throw new KeyError('key-generation-failed', `use the keys just made (${secrets.fault.kind})`)
}

/** The salt of a v2 signature. */
export function drawSalt(): Uint8Array {
  return randomBytes(SALT_BYTES)
}

async function newKey(role: KeyRole): Promise<RsaPrivateKey> {
  const { privateKey } = await makeKeyPair('rsa', {
    modulusLength: MODULUS_BITS[role],
    publicExponent: Number(EXPONENTS[role]),
  })
  const { n, e, d } = privateKey.export({ format: 'jwk' })
  return { n: number(n), e: number(e), d: number(d) }
}

function number(base64url: string | undefined): bigint {
  if (base64url === undefined) {
    throw new KeyError('key-generation-failed', 'read a number of the key just made')
  }
  return BigInt(`0x${Buffer.from(base64url, 'base64url').toString('hex')}`)
}
