/** What one request of a mirror's log means (R77–R80, R20). */
import { fileClass, uuidOf } from '../limits/index.ts'

/** What a client got, told by what it costs. */
export const OUTCOMES = [
  'whole',
  'patch',
  'check',
  'not-modified',
  'other',
  'missing',
  'turned-away',
] as const
export type Outcome = (typeof OUTCOMES)[number]

export interface Logged {
  readonly method: string
  readonly target: string
  readonly status: number
  readonly bytesSent: number
  readonly agent: string
}

export interface Hit {
  readonly outcome: Outcome
  /** `daily`; empty where no database is meant. */
  readonly database: string
  /** What a patch leads to. */
  readonly version: number | undefined
}

export interface Client {
  /** `1.4.6`, `0.103`; `cvdupdate` and `other` for the rest. */
  readonly engine: string
  readonly uuid: string | undefined
}

/** R80: the monitor is no client. */
const MONITOR = 'ClamAV-MirrorCheck'
/** A header, which is 512 bytes; more is a download in parts. */
const CHECK_BYTES_MAX = 512
const DATABASE = /^\/(?:database\/)?([A-Za-z0-9][A-Za-z0-9_]*)(?:-(\d{1,9}))?\.[a-z]/
/** Bug-fix releases apart only from 1.0 on: before, dozens of them would hide the picture. Dates of 2003 as they are. */
const ENGINE = /^(?:ClamAV|clamav)\/(0\.\d{1,4}|\d{1,8}(?:\.\d{1,3}){0,2})/

export function isMonitor(agent: string): boolean {
  return agent.startsWith(MONITOR)
}

export function hitOf({ method, target, status, bytesSent }: Logged): Hit {
  const question = target.indexOf('?')
  const asked = question < 0 ? target : target.slice(0, question)
  const slashes = asked.startsWith('//') ? asked.replace(/^\/+/, '/') : asked
  const kind = fileClass(slashes.slice(1))
  const counts = kind === 'database' || kind === 'patch' || kind === 'signature'
  const match = counts ? DATABASE.exec(slashes) : null
  const database = match?.[1] ?? ''
  const version = kind === 'patch' && match?.[2] !== undefined ? Number(match[2]) : undefined
  const outcome = outcomeOf(kind, status, bytesSent)
  // Whoever asked for the head alone has fetched nothing (mirrorbits#171).
  const isHead = method === 'HEAD' && (outcome === 'whole' || outcome === 'patch')
  return isHead
    ? { outcome: 'check', database, version: undefined }
    : { outcome, database, version }
}

function outcomeOf(kind: ReturnType<typeof fileClass>, status: number, bytes: number): Outcome {
  if (status === 304) return 'not-modified'
  if (status === 429 || status === 503) return 'turned-away'
  if (status >= 400) return 'missing'
  if (kind === 'patch') return 'patch'
  if (kind !== 'database') return 'other'
  return status === 206 && bytes <= CHECK_BYTES_MAX ? 'check' : 'whole'
}

export function clientOf(agent: string): Client {
  const engine = ENGINE.exec(agent)?.[1]
  if (engine !== undefined) return { engine, uuid: uuidOf(agent) }
  return { engine: agent.startsWith('CVDUPDATE/') ? 'cvdupdate' : 'other', uuid: uuidOf(agent) }
}
