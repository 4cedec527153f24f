import { type Outcome, unreachable } from '#base/outcome.ts'
import type { AsyncDatabaseSigner } from '#formats/cvd/index.ts'
import {
  beginsWithZero,
  describeLostZeros,
  type PublisherKeys,
  type SignatureFault,
  verifyMd5,
  verifySha256,
} from '#formats/dsig/index.ts'
import {
  describeSignAnswerFault,
  describeSignRequestFault,
  parseSignAnswer,
  printSignRequest,
  SIGNING_PORT,
  type SignPart,
} from '#formats/signing-service/index.ts'
import { ask } from './ask.ts'
import { SigningServiceError } from './error.ts'

/** Guess: RSA of 2048 bits takes milliseconds, and a smart card some seconds. */
const TIMEOUT_MS = 30_000
/** One signature in 128 is of no use to most engines; as many in a row come from a service that draws no new salt. */
const ASKED_MAX = 8

export interface SigningServiceOptions {
  readonly host: string
  readonly port?: number
  readonly user: string
  readonly password: string
  /** For one signature, connecting included. */
  readonly timeoutMs?: number
  /** Public keys of the publisher: with them an answer is believed only when it fits. */
  readonly keys?: PublisherKeys
}

/** Signs databases and patches with keys that live on another machine (formats.md 1.6). Throws `SigningServiceError`. */
export class SigningService {
  readonly #options: SigningServiceOptions

  constructor(options: SigningServiceOptions) {
    this.#options = options
  }

  /** The signature text of one digest: 16 bytes of MD5 for a header, 32 of SHA-256 for the others. */
  async sign(part: SignPart, digest: Uint8Array, signal: AbortSignal): Promise<string> {
    for (let asked = 0; asked < ASKED_MAX; asked += 1) {
      const text = await this.#askOnce(part, digest, signal)
      if (!this.#zerosLost(part, text)) return text
    }
    const reason = describeLostZeros(part)
    throw new SigningServiceError('wrong-signature', `${this.#action(part)}: ${reason}`)
  }

  /** For builders. `signal` ends every question that the signer asks. */
  signer(signal: AbortSignal): AsyncDatabaseSigner {
    return {
      header: (md5) => this.sign('header', md5, signal),
      info: (sha256) => this.sign('info', sha256, signal),
    }
  }

  #action(part: SignPart): string {
    const { host, port = SIGNING_PORT } = this.#options
    return `have the ${part} signed by ${host}:${port}`
  }

  async #askOnce(part: SignPart, digest: Uint8Array, signal: AbortSignal): Promise<string> {
    const { host, port = SIGNING_PORT, user, password, timeoutMs = TIMEOUT_MS } = this.#options
    const action = this.#action(part)
    const request = printSignRequest({ part, user, password, digest })
    if (!request.ok) {
      const reason = describeSignRequestFault(request.fault)
      throw new SigningServiceError('bad-request', `${action}: ${reason}`)
    }
    const limit = AbortSignal.timeout(timeoutMs)
    let bytes: Uint8Array
    try {
      bytes = await ask(host, port, request.value, AbortSignal.any([signal, limit]))
    } catch (error) {
      signal.throwIfAborted()
      const code = limit.aborted ? 'timed-out' : 'unreachable'
      throw serviceError(code, action, error)
    }
    const answer = parseSignAnswer(bytes)
    if (!answer.ok) {
      const reason = describeSignAnswerFault(answer.fault)
      throw new SigningServiceError('refused', `${action}: ${reason}`)
    }
    if (this.#verify(part, digest, answer.value)?.ok === false) {
      throw new SigningServiceError('wrong-signature', `${action}: its signature does not fit`)
    }
    return answer.value
  }

  /** Of a header it is the MD5 that begins with 00, and the builder's business. */
  #zerosLost(part: SignPart, text: string): boolean {
    const { keys } = this.#options
    return keys !== undefined && part !== 'header' && beginsWithZero(text, keys[part])
  }

  #verify(
    part: SignPart,
    digest: Uint8Array,
    text: string,
  ): Outcome<void, SignatureFault> | undefined {
    const { keys } = this.#options
    if (keys === undefined) return undefined
    switch (part) {
      case 'header':
        return verifyMd5(digest, text, keys.header)
      case 'info':
        return verifySha256(digest, text, keys.info)
      case 'patch':
        return verifySha256(digest, text, keys.patch)
      default:
        return unreachable(part)
    }
  }
}

function serviceError(
  code: SigningServiceError['code'],
  action: string,
  cause: unknown,
): SigningServiceError {
  return new SigningServiceError(code, action, { cause })
}
