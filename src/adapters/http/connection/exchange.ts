/** One request on the fast path, and what is answered. */
import { epochMs } from '#base/time.ts'
import type { Lasting } from '../answer/head-text.ts'
import type { Sent, Span } from '../files/send-file.ts'
import type { ServedFile } from '../files/snapshot.ts'
import type { RequestRecord } from '../log/request-record.ts'
import type { PlainRequest } from '../request/request-head.ts'

export interface Exchange {
  readonly request: PlainRequest
  readonly from: string
  readonly at: number
  readonly keepAlive: boolean
}

export interface LargeAnswer {
  readonly path: string
  readonly file: ServedFile
  readonly span: Span
}

export interface SmallAnswer {
  readonly status: number
  /** Head and body. */
  readonly bytes: Uint8Array
  readonly bodyBytes: number
}

export function lastingOf({ request, keepAlive }: Exchange): Lasting {
  if (!keepAlive) return 'close'
  return request.protocol === 'HTTP/1.0' ? 'stay-1.0' : 'stay'
}

export function recordOf(exchange: Exchange, status: number, sent: Sent): RequestRecord {
  const { request, from, at } = exchange
  return {
    at: epochMs(at),
    from,
    method: request.method,
    target: request.target,
    protocol: request.protocol,
    status,
    bytesSent: sent.bytes,
    complete: sent.complete,
    agent: request.agent,
    referer: request.referer,
    tookMs: Date.now() - at,
  }
}
