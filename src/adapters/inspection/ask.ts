/**
 * One question to a stranger's web server, at one address and under one name. Bounded in every way: bytes, silence, total
 * time. It never follows a redirect, and whatever happens is an answer.
 */
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Answer } from '#core/inspection/index.ts'

export interface Question {
  /** A literal: no resolver stands between. */
  readonly address: string
  readonly port: number
  /** What the Host field says. */
  readonly host: string
  readonly path: string
  readonly fields?: Readonly<Record<string, string>>
  /** Of the body; what follows is not read. */
  readonly bytesMax: number
  /** Default: a client waits longer, but an inspection has many questions. */
  readonly totalMs?: number
}

/** Operators leave it out of their statistics (R80). */
const AGENT = 'ClamAV-MirrorCheck'
const TOTAL_MS = 10_000
const IDLE_MS = 8_000

/** Throws the signal's reason only. */
export async function ask(question: Question, signal: AbortSignal): Promise<Answer> {
  signal.throwIfAborted()
  const deadline = AbortSignal.timeout(question.totalMs ?? TOTAL_MS)
  const startedAt = performance.now()
  const asked = send(question, AbortSignal.any([signal, deadline]))
  try {
    const answer = await firstOf(asked)
    const body = await read(answer, question.bytesMax, deadline)
    return {
      kind: 'answer',
      status: answer.statusCode ?? 0,
      fields: Object.fromEntries(
        Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
      ),
      ...body,
      tookMs: performance.now() - startedAt,
    }
  } catch (error) {
    signal.throwIfAborted()
    return { kind: 'none', reason: reasonOf(error, deadline.aborted) }
  } finally {
    asked.destroy()
  }
}

function send({ address, port, host, path, fields }: Question, signal: AbortSignal): ClientRequest {
  const name = port === 80 ? host : `${host}:${port}`
  const asked = request({
    host: address,
    port,
    path,
    agent: false,
    headers: { ...fields, Host: name, 'User-Agent': AGENT, Accept: '*/*', Connection: 'close' },
    timeout: IDLE_MS,
    signal,
  })
  asked.once('timeout', () => asked.destroy(new Error('it is silent')))
  return asked
}

function firstOf(asked: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  asked.once('response', resolve)
  asked.on('error', reject)
  asked.end()
  return promise
}

/** Time running out in the middle is no fault of what came until then: a slow line is measured, too. */
async function read(
  answer: IncomingMessage,
  bytesMax: number,
  deadline: AbortSignal,
): Promise<{ readonly body: Uint8Array; readonly cut: boolean }> {
  const pieces: Buffer[] = []
  let bytes = 0
  try {
    for await (const piece of answer) {
      if (!(piece instanceof Buffer)) continue
      pieces.push(piece)
      bytes += piece.byteLength
      if (bytes > bytesMax) break
    }
  } catch (error) {
    if (!deadline.aborted || bytes === 0) throw error
    return { body: Buffer.concat(pieces), cut: true }
  }
  return { body: Buffer.concat(pieces).subarray(0, bytesMax), cut: bytes > bytesMax }
}

function reasonOf(error: unknown, isLate: boolean): string {
  if (isLate) return 'no answer in time'
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing listens there'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no way to it from here'
    case 'ETIMEDOUT':
      return 'no answer in time'
    case 'ECONNRESET':
      return 'it hangs up'
    default:
      if (/^HPE_|^ERR_HTTP/.test(code)) return 'what answers is not HTTP'
      return error instanceof Error ? error.message : String(error)
  }
}
