/** What a bundle says of the network that it is of. */
import { join } from 'node:path'
import { describeBundleFault, readBundle } from '#adapters/bundle/index.ts'
import { readIfThere } from '#adapters/disk/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { TufVerifier } from '#adapters/tuf/index.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { Manifest } from '#core/release/index.ts'
import { isTrustFile } from '#core/sync/index.ts'
import { carriedAt } from './carried.ts'
import type { NetworkLook } from './look-by-web.ts'

/** Throws `DiskError`. */
export class LookInBundle implements NetworkLook {
  readonly #file: string
  readonly #scratch: string
  readonly #signal: AbortSignal

  constructor(
    file: string,
    { scratch, signal }: { readonly scratch: string; readonly signal: AbortSignal },
  ) {
    this.#file = file
    this.#scratch = scratch
    this.#signal = signal
  }

  async root(): Promise<Outcome<string, readonly string[]>> {
    const into = join(this.#scratch, 'root')
    const only = (path: string) => path === 'tuf/root.json'
    const read = await readBundle(this.#file, { into, only, signal: this.#signal })
    if (!read.ok) return fail([`${this.#file}: ${describeBundleFault(read.fault)}`])
    const text = await readIfThere(join(into, 'tuf/root.json'))
    return text === undefined
      ? fail([`${this.#file}: it is of no network, it has no root`])
      : ok(text)
  }

  async manifest(rootFile: string): Promise<Outcome<Manifest, readonly string[]>> {
    const into = join(this.#scratch, 'metadata')
    const read = await readBundle(this.#file, { into, only: isTrustFile, signal: this.#signal })
    if (!read.ok) return fail([`${this.#file}: ${describeBundleFault(read.fault)}`])
    const folder = join(this.#scratch, 'trust')
    const now = carriedAt(systemClock)
    const verified = await new TufVerifier({ folder, rootFile, now }).verify(into, this.#signal)
    if (verified.ok) return ok(verified.value.manifest)
    const { fault } = verified
    const reason = fault.kind === 'no-manifest' ? `${fault.file} is missing` : fault.reason
    return fail([`${this.#file}: its manifest is not believed: ${reason}`])
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
