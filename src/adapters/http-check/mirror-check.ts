/**
 * `MirrorCheck` over HTTP: looks at one address of a mirror with the eyes of every kind of client (field-notes 1.22).
 *
 * First the timestamp by every host name that the mirror serves. Then, by one of the names, the header of each database
 * of the release that the timestamp claims, and some real bytes. A redirect is a fault (R46), a captive portal's page is
 * no timestamp, and whatever comes is bounded in bytes, silence and total time.
 */
import { createHash } from 'node:crypto'
import { toHex, toLatin1 } from '#base/bytes.ts'
import { chooseSample, type Sample, type Sight, type SightFault } from '#core/health/index.ts'
import { oneLine } from '#core/notices/index.ts'
import type { DatabaseFile, ReleaseFile } from '#core/release/index.ts'
import { HEADER_BYTES, parseHeader } from '#formats/cvd/index.ts'
import { parseTimestamp, type Timestamp } from '#formats/timestamp-file/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { CheckTarget, MirrorCheck, Reference, References } from '#ports/mirror-check.ts'
import { get, PARSER_ERRORS, type Reply, SilentError } from './get.ts'

export interface HttpMirrorCheckOptions {
  readonly clock: Clock
  /** In [0, 1). */
  readonly draw: () => number
  /** Of everything that is asked in one look. */
  readonly totalMsMax?: number
  readonly idleMsMax?: number
}

/** Guess: a slow but honest mirror answers a dozen small questions in this. */
const TOTAL_MS_MAX = 30_000
const IDLE_MS_MAX = 8_000
/** A timestamp has under a hundred bytes. */
const TIMESTAMP_BYTES_MAX = 4096
/** What a stranger's header may say in a journal. */
const QUOTE_CHARS_MAX = 80

class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: SightFault

  constructor(code: SightFault, reason: string) {
    super(reason)
    this.code = code
  }
}

export class HttpMirrorCheck implements MirrorCheck {
  readonly #options: Required<HttpMirrorCheckOptions>

  constructor(options: HttpMirrorCheckOptions) {
    this.#options = { totalMsMax: TOTAL_MS_MAX, idleMsMax: IDLE_MS_MAX, ...options }
  }

  async look(target: CheckTarget, references: References, signal: AbortSignal): Promise<Sight> {
    signal.throwIfAborted()
    const { totalMsMax, idleMsMax, clock, draw } = this.#options
    const both = AbortSignal.any([signal, AbortSignal.timeout(totalMsMax)])
    const look = new LookAt(target, { idleMsMax, signal: both, clock, draw })
    try {
      return await look.all(references)
    } catch (error) {
      signal.throwIfAborted()
      const { code, message } = asFault(error, look.asking, both.aborted)
      return { kind: 'bad', fault: code, reason: message }
    }
  }
}

interface LookOptions {
  readonly idleMsMax: number
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly draw: () => number
}

/** One look; it remembers what it asks, for whatever goes wrong. */
class LookAt {
  asking = ''
  readonly #target: CheckTarget
  readonly #options: LookOptions
  #skewMs: number | undefined

  constructor(target: CheckTarget, options: LookOptions) {
    this.#target = target
    this.#options = options
  }

  async all(references: References): Promise<Sight> {
    const { clock } = this.#options
    const since = clock.now()
    let stamp = await this.#stamps()
    for (let attempt = 0; ; attempt += 1) {
      const reference = references(stamp.serial)
      try {
        if (reference !== undefined) await this.#content(reference)
        break
      } catch (error) {
        // The mirror may have switched to another release meanwhile.
        const now = error instanceof Fault ? await this.#stamps() : stamp
        if (attempt > 0 || now.generation === stamp.generation) throw error
        stamp = now
      }
    }
    return { kind: 'good', ...stamp, tookMs: clock.now() - since, skewMs: this.#skewMs }
  }

  /** The timestamp by every name; the oldest of them counts. */
  async #stamps(): Promise<Timestamp> {
    let oldest: Timestamp | undefined
    for (const host of this.#target.hosts) {
      const stamp = await this.#stamp(host)
      if (oldest === undefined || stamp.generation < oldest.generation) oldest = stamp
    }
    if (oldest === undefined) throw new Fault('no-timestamp', 'it is to answer for no host name')
    return oldest
  }

  async #stamp(host: string): Promise<Timestamp> {
    const reply = await this.#get(host, '/timestamp', TIMESTAMP_BYTES_MAX)
    this.#noteDate(reply.date)
    if (reply.status !== 200) {
      throw new Fault('no-timestamp', `${this.asking}: the answer is ${reply.status}`)
    }
    const stamp = reply.cut ? undefined : parseTimestamp(toLatin1(reply.body))
    if (stamp?.ok === true) return stamp.value
    const why = stamp === undefined ? 'too-long' : stamp.fault.kind
    throw new Fault('no-timestamp', `${this.asking}: what is there is none (${why})`)
  }

  async #content(reference: Reference): Promise<void> {
    const { hosts } = this.#target
    const host = hosts[Math.floor(hosts.length * this.#options.draw())] ?? ''
    for (const file of reference.release.files.values()) {
      if (file.kind === 'database') await this.#header(host, file)
    }
    const sample = chooseSample(reference.release, reference.read !== undefined, this.#options.draw)
    if (sample !== undefined) await this.#sample(host, sample, reference)
  }

  async #header(host: string, { path, version }: DatabaseFile): Promise<void> {
    const reply = await this.#range(host, path, 0, HEADER_BYTES)
    const header = parseHeader(reply.body, 'lenient')
    if (!header.ok) {
      throw new Fault('wrong-content', `${this.asking}: no header (${header.fault.kind})`)
    }
    // A newer one is a mirror that switched since it was asked for its timestamp.
    if (header.value.version < version) {
      const words = `version ${header.value.version}, though its timestamp promises ${version}`
      throw new Fault('wrong-content', `${this.asking}: ${words}`)
    }
  }

  async #sample(host: string, sample: Sample, { read, release }: Reference): Promise<void> {
    const file = release.files.get(sample.path)
    if (file === undefined) return
    const reply = await this.#range(host, sample.path, sample.from, sample.bytes)
    // A server without ranges sends from the start, which is as good a place.
    const from = reply.status === 206 ? sample.from : 0
    if (await isRight(reply.body, { ...sample, from }, file, read)) return
    const words = `${reply.body.byteLength} bytes from ${from} on are not those of version ${file.version}`
    throw new Fault('wrong-content', `${this.asking}: ${words}`)
  }

  async #range(host: string, path: string, from: number, bytes: number): Promise<Reply> {
    const range = { Range: `bytes=${from}-${from + bytes - 1}` }
    const reply = await this.#get(host, `/${encodeURI(path)}`, bytes, range)
    if (reply.status === 200 || reply.status === 206) return reply
    throw new Fault('wrong-content', `${this.asking}: the answer is ${reply.status}`)
  }

  async #get(
    host: string,
    path: string,
    bytesMax: number,
    fields: Readonly<Record<string, string>> = {},
  ): Promise<Reply> {
    const { address, port } = this.#target
    const { idleMsMax, signal } = this.#options
    this.asking = `GET http://${host}${path} at ${address}`
    const Host = port === 80 ? host : `${host}:${port}`
    const question = { host: address, port, path, fields: { Host, ...fields } }
    const reply = await get(question, { bytesMax, idleMsMax, signal })
    if (reply.status >= 300 && reply.status < 400) {
      const to = oneLine(reply.location ?? 'nowhere', QUOTE_CHARS_MAX)
      throw new Fault('redirect', `${this.asking}: ${reply.status} to ${to}`)
    }
    return reply
  }

  #noteDate(date: string | undefined): void {
    const at = Date.parse(date ?? '')
    if (!Number.isNaN(at)) this.#skewMs = at - this.#options.clock.now()
  }
}

async function isRight(
  body: Uint8Array,
  { path, from, bytes, sha256 }: Sample,
  file: ReleaseFile,
  read: Reference['read'],
): Promise<boolean> {
  if (sha256 !== undefined && bytes === file.bytes) {
    return toHex(createHash('sha256').update(body).digest()) === sha256
  }
  const own = await read?.(path, from, bytes)
  // Gone here meanwhile: nothing to compare with.
  return own === undefined || Buffer.compare(own, body) === 0
}

function asFault(error: unknown, asking: string, isLate: boolean): Fault {
  if (error instanceof Fault) return error
  if (error instanceof SilentError) return new Fault('timed-out', `${asking}: silence`)
  if (isLate) return new Fault('timed-out', `${asking}: not done in time`)
  const errno = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (PARSER_ERRORS.test(errno)) {
    return new Fault('not-http', `${asking}: what answers is not HTTP`)
  }
  if (errno === 'ETIMEDOUT') return new Fault('timed-out', `${asking}: no answer`)
  return new Fault('unreachable', `${asking}: ${errno || 'the connection failed'}`)
}
