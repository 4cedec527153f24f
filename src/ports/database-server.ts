import type { EpochSeconds } from '#base/time.ts'

/** A server that offers databases by HTTP, as a client sees it: a mirror, or whoever it is told to ask. */
export interface DatabaseServer {
  /** The first bytes of a file, as the check of an up-to-date client asks for them. */
  start(question: ServerQuestion, bytesMax: number): Promise<ServerAnswer<Uint8Array>>
  /**
   * The whole of a file, into `into`. What is there already of it goes on, when the server still has the same; nothing of
   * another. Found: its length in bytes. After `unreachable` what came stays, for the next try.
   */
  download(question: ServerQuestion, into: string, bytesMax: number): Promise<ServerAnswer<number>>
}

export interface ServerQuestion {
  readonly url: URL
  /** Of what the client has; the answer may then be `not-modified`. */
  readonly since?: EpochSeconds | undefined
  readonly signal: AbortSignal
}

export type ServerAnswer<Content> =
  | { readonly kind: 'found'; readonly content: Content }
  | { readonly kind: 'not-modified' }
  /** 403, 404, 429, 5xx and the like. `retryAfter`: what it tells one to wait, in seconds. */
  | { readonly kind: 'refused'; readonly status: number; readonly retryAfter?: number | undefined }
  /** Longer than allowed. */
  | { readonly kind: 'too-large'; readonly bytesMax: number }
  /** No connection, silence, an answer that breaks off or is no HTTP; in words for the operator. */
  | { readonly kind: 'unreachable'; readonly reason: string }
