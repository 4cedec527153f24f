import type { EpochMs } from '#base/time.ts'

/** One finished request, for the access log. What the client sent is hostile text. */
export interface RequestRecord {
  /** When it had come in. */
  readonly at: EpochMs
  readonly from: string
  readonly method: string
  readonly target: string
  readonly protocol: string
  readonly status: number
  /** Of the body, that the system has taken over. */
  readonly bytesSent: number
  /** False when the client went before the end. */
  readonly complete: boolean
  readonly agent: string
  readonly referer: string
  readonly tookMs: number
}
