/**
 * `Probe` over HTTP: asks a mirror what a client would ask, and reads no more than a client needs (R46, R109).
 *
 * The answers are a stranger's. A server that ignores Range and sends for ever is cut after 512 bytes, one that sends
 * a byte a second ends with the total time, a redirect is not followed: old clients would not either.
 * Throws `ProbeError`, or the signal's reason.
 */
import { toLatin1 } from '#base/bytes.ts'
import type { DbName, DbVersion } from '#base/names.ts'
import { HEADER_BYTES, parseHeader } from '#formats/cvd/index.ts'
import { parseTimestamp, type Timestamp } from '#formats/timestamp-file/index.ts'
import { type Probe, ProbeError, type ProbeSight, type ProbeTarget } from '#ports/probe.ts'
import { get, PARSER_ERRORS, type Reply, SilentError } from './get.ts'

/** All questions of one look together. A client waits 60 s for less, but a probe has many mirrors to see. */
const TOTAL_MS_MAX = 20_000
/** Not a byte for this long. */
const IDLE_MS_MAX = 8_000
/** A timestamp has under a hundred bytes. Beyond this it is something else, a captive portal's page perhaps. */
const TIMESTAMP_BYTES_MAX = 4096

export interface HttpProbeOptions {
  readonly totalMsMax?: number
  readonly idleMsMax?: number
}

export class HttpProbe implements Probe {
  readonly #totalMsMax: number
  readonly #idleMsMax: number

  constructor({ totalMsMax = TOTAL_MS_MAX, idleMsMax = IDLE_MS_MAX }: HttpProbeOptions = {}) {
    this.#totalMsMax = totalMsMax
    this.#idleMsMax = idleMsMax
  }

  async look(
    target: ProbeTarget,
    databases: readonly DbName[],
    signal: AbortSignal,
  ): Promise<ProbeSight> {
    signal.throwIfAborted()
    const both = AbortSignal.any([signal, AbortSignal.timeout(this.#totalMsMax)])
    try {
      const stamp = await this.#timestamp(target, both)
      const versions = new Map<DbName, DbVersion | undefined>()
      for (const name of databases) versions.set(name, await this.#version(target, name, both))
      return { ...stamp, versions }
    } catch (error) {
      signal.throwIfAborted()
      throw asProbeError(target, error, both.aborted)
    }
  }

  async #timestamp(target: ProbeTarget, signal: AbortSignal): Promise<Timestamp> {
    const path = '/timestamp'
    const reply = await this.#get(target, path, {}, TIMESTAMP_BYTES_MAX, signal)
    const what = `find the timestamp of "${target.name}"`
    if (reply.status !== 200) {
      throw new ProbeError('no-timestamp', `${what}: the answer is ${reply.status}`)
    }
    const stamp = reply.cut ? undefined : parseTimestamp(toLatin1(reply.body))
    if (stamp?.ok !== true) {
      const why = stamp === undefined ? 'too-long' : stamp.fault.kind
      throw new ProbeError('no-timestamp', `${what}: what is there is none (${why})`)
    }
    return stamp.value
  }

  async #version(
    target: ProbeTarget,
    name: DbName,
    signal: AbortSignal,
  ): Promise<DbVersion | undefined> {
    const range = { Range: `bytes=0-${HEADER_BYTES - 1}` }
    const reply = await this.#get(target, `/${name}.cvd`, range, HEADER_BYTES, signal)
    if (reply.status !== 200 && reply.status !== 206) return undefined
    const header = parseHeader(reply.body, 'lenient')
    return header.ok ? header.value.version : undefined
  }

  async #get(
    { host, httpPort }: ProbeTarget,
    path: string,
    fields: Readonly<Record<string, string>>,
    bytesMax: number,
    signal: AbortSignal,
  ): Promise<Reply> {
    return await get(
      { host, port: httpPort, path, fields },
      { bytesMax, idleMsMax: this.#idleMsMax, signal },
    )
  }
}

function asProbeError(target: ProbeTarget, cause: unknown, timedOut: boolean): ProbeError {
  if (cause instanceof ProbeError) return cause
  if (cause instanceof SilentError) return new ProbeError('timed-out', cause.action, { cause })
  const what = `look at "${target.name}" (${target.host} port ${target.httpPort})`
  if (timedOut) return new ProbeError('timed-out', `${what}: not done in time`, { cause })
  const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (PARSER_ERRORS.test(errno)) {
    return new ProbeError('not-http', `${what}: what answers is not HTTP`, { cause })
  }
  if (errno === 'ETIMEDOUT') return new ProbeError('timed-out', `${what}: no answer`, { cause })
  return new ProbeError('unreachable', `${what}: ${errno || 'the connection failed'}`, { cause })
}
