import { toHex } from '#base/bytes.ts'
import type { AsyncDatabaseSigner, DatabaseSigner } from '#formats/cvd/index.ts'

/**
 * Lets a builder that signs at once use a signer that takes its time. `build` is run again with each signature that
 * came, so it must make the same bytes each time; a database has two signatures, so it runs three times.
 */
export async function signLater<T>(
  build: (signer: DatabaseSigner) => T,
  signer: AsyncDatabaseSigner,
): Promise<T> {
  const known = new Map<string, string>()
  for (let runs = 0; runs < RUNS_MAX; runs += 1) {
    const recorder = new Recorder(known)
    try {
      return build(recorder)
    } catch (error) {
      const { wanted } = recorder
      if (wanted === undefined || error !== recorder.stop) throw error
      const text = await signer[wanted.part](wanted.digest)
      known.set(keyOf(wanted.part, wanted.digest), text)
    }
  }
  throw new Error('Cannot sign: the builder makes other bytes each time')
}

/** Two signatures, and some more headers whose MD5 started with 00. */
const RUNS_MAX = 16

type Part = 'header' | 'info'

function keyOf(part: Part, digest: Uint8Array): string {
  return `${part} ${toHex(digest)}`
}

/** Gives the signatures that are there, and stops the builder at the first one that is not. */
class Recorder implements DatabaseSigner {
  readonly stop = new Error('A signature has to be fetched first')
  wanted: { readonly part: Part; readonly digest: Uint8Array } | undefined
  readonly #known: ReadonlyMap<string, string>

  constructor(known: ReadonlyMap<string, string>) {
    this.#known = known
  }

  header(md5: Uint8Array): string {
    return this.#text('header', md5)
  }

  info(sha256: Uint8Array): string {
    return this.#text('info', sha256)
  }

  #text(part: Part, digest: Uint8Array): string {
    const text = this.#known.get(keyOf(part, digest))
    if (text !== undefined) return text
    this.wanted = { part, digest }
    throw this.stop
  }
}
