/** What mirrors of a network say of it, before anything of them is believed. */
import { join } from 'node:path'
import {
  type AskingRun,
  askServers,
  Failures,
  fetchMetadata,
} from '#adapters/database-server/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { rootVersionIn, TufVerifier } from '#adapters/tuf/index.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { Manifest } from '#core/release/index.ts'
import { type NotFetched, ServerWalk } from '#core/update/index.ts'
import type { DatabaseServer } from '#ports/database-server.ts'
import { TransferError } from '#ports/transfer.ts'
import { openWeb } from './open-web.ts'

/** Where somebody who sets a mirror up learns of a network. Faults are told all at once, a line each. */
export interface NetworkLook extends AsyncDisposable {
  /** Text of its newest root, whoever wrote it. */
  root(): Promise<Outcome<string, readonly string[]>>
  /** The newest manifest that this root vouches for. */
  manifest(rootFile: string): Promise<Outcome<Manifest, readonly string[]>>
}

const ROOT = 'tuf/root.json'
const ROOT_BYTES_MAX = 1024 * 1024

interface LookOptions {
  readonly proxy: string | undefined
  /** A folder to work in. */
  readonly scratch: string
  readonly onTrouble: (line: string) => void
  readonly signal: AbortSignal
}

/** Throws `TransferError` when nobody answers. */
export class LookByWeb implements NetworkLook {
  readonly #web: DatabaseServer & AsyncDisposable
  readonly #servers: readonly string[]
  readonly #scratch: string
  readonly #run: AskingRun

  constructor(servers: readonly string[], { proxy, scratch, onTrouble, signal }: LookOptions) {
    this.#web = openWeb(proxy)
    this.#servers = servers
    this.#scratch = scratch
    this.#run = {
      walk: new ServerWalk(servers),
      troubles: [],
      attemptsMax: 1,
      clock: systemClock,
      signal,
      voice: { complain: onTrouble },
    }
  }

  async root(): Promise<Outcome<string, readonly string[]>> {
    const { signal } = this.#run
    const ask = (url: URL) => this.#web.start({ url, signal }, ROOT_BYTES_MAX)
    const taken = await askServers(this.#run, { file: ROOT, ask }, async (content) => {
      return rootVersionIn(text(content)) !== undefined ? undefined : 'it is no root of a network'
    })
    return taken.ok ? ok(text(taken.value.content)) : this.#nobody(taken.fault.end(ROOT, this.#run))
  }

  async manifest(rootFile: string): Promise<Outcome<Manifest, readonly string[]>> {
    const failures = new Failures()
    for (const [at, server] of this.#servers.entries()) {
      const into = join(this.#scratch, `metadata-${at}`)
      const trusted = join(this.#scratch, `trust-${at}`)
      const verifier = new TufVerifier({ folder: trusted, rootFile })
      const rootVersion = await verifier.rootVersion()
      const place = { from: server, into, rootVersion }
      const fetched = await fetchMetadata(this.#run, this.#web, place)
      if (!fetched.ok) {
        failures.add(fetched.fault)
        continue
      }
      const verified = await verifier.verify(into, this.#run.signal)
      if (verified.ok) return ok(verified.value.manifest)
      const { fault } = verified
      const reason = fault.kind === 'no-manifest' ? 'it has none' : fault.reason
      failures.refuse(this.#run, { server, file: 'the signed manifest' }, reason)
    }
    return this.#nobody(failures.end('tuf/timestamp.json', this.#run))
  }

  #nobody(end: NotFetched): Outcome<never, readonly string[]> {
    if (end.kind === 'refused') return fail(end.reasons)
    const words =
      end.kind === 'left-alone'
        ? `they ask to be left alone for ${end.seconds} seconds`
        : end.reasons.join('; ')
    throw new TransferError('unreachable', `follow these mirrors: ${words}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const line of this.#run.troubles) this.#run.voice.complain(line)
    await this.#web[Symbol.asyncDispose]()
  }
}

function text(content: Uint8Array): string {
  return Buffer.from(content).toString('utf8')
}
