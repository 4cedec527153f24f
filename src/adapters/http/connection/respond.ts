/**
 * One request of the careful path, answered over Node's own HTTP/1 or HTTP/2: look the file up, decide, write head and
 * body.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { secondNow } from '../answer/date-field.ts'
import { decideAnswer } from '../answer/decide-answer.ts'
import { isGuarded, mayEnter, type PageBody, pageOf } from '../answer/guarded-pages.ts'
import {
  CLIENTS_LOGIN,
  LOGIN,
  NOT_FOUND,
  type Plan,
  planAnswer,
  type Refusal,
  WRONG_METHOD,
} from '../answer/plan-answer.ts'
import { isLocal } from '../files/local-files.ts'
import { type OpenFile, openOperators } from '../files/open-file.ts'
import { type Sent, type Source, type Span, sendSpan } from '../files/send-file.ts'
import type { FileFacts, ServedFile, Snapshot } from '../files/snapshot.ts'
import { pathOfTarget } from '../request/request-target.ts'
import type { Service } from './service.ts'

export type Request = IncomingMessage | Http2ServerRequest
export type Response = ServerResponse | Http2ServerResponse

export interface Around {
  readonly service: Service
  /** What this connection sees. */
  readonly snapshot: Snapshot | undefined
  /** Who asked, fronts left out. */
  readonly from: string
  readonly onPiece: (bytes: number) => void
}

const NOTHING: Sent = { bytes: 0, complete: true }

/** Answers one request and resolves to what has left. */
export async function respond(request: Request, response: Response, around: Around): Promise<Sent> {
  const { method } = request
  if (method !== 'GET' && method !== 'HEAD') return refuse(response, WRONG_METHOD, true)
  const path = pathOfTarget(request.url ?? '')
  const guarded = path === undefined ? undefined : await askGuard(request, response, around, path)
  if (guarded !== undefined) return guarded
  if (!mayFetch(request, around, path)) return refuse(response, CLIENTS_LOGIN, method === 'GET')
  const found = path === undefined ? undefined : await find(path || 'index.html', around)
  if (path === undefined || found === undefined)
    return refuse(response, NOT_FOUND, method === 'GET')
  await using file = found
  const plan = planAnswer(
    decideAnswer({ method, path, conditions: request.headers, now: secondNow() }, file.facts),
    file.facts,
  )
  if (method === 'HEAD' || plan.span === undefined) {
    writeHead(response, plan.status, plan.fields)
    response.end()
    return NOTHING
  }
  const agent = request.headers['user-agent'] ?? ''
  return await sendBody(response, { ...plan, span: plan.span, path, agent }, { file, around })
}

interface Wanted extends Plan {
  readonly span: Span
  readonly path: string
  readonly agent: string
}

async function sendBody(
  response: Response,
  { status, fields, span, path, agent }: Wanted,
  { file, around }: { readonly file: Found; readonly around: Around },
): Promise<Sent> {
  const { admission } = around.service
  const isWhole = span.bytes === file.facts.bytes
  const isInMemory = file.start !== undefined && span.from + span.bytes <= file.start.length
  if (file.start !== undefined && isInMemory && !(isWhole && admission.limits(path))) {
    writeHead(response, status, fields)
    response.end(file.start.subarray(span.from, span.from + span.bytes))
    return { bytes: span.bytes, complete: true }
  }
  const admitted = await admission.ask(path, isWhole, { from: around.from, agent })
  if (admitted.kind === 'refused') return refuse(response, admitted.answer, true)
  using _ = { [Symbol.dispose]: admitted.end }
  writeHead(response, status, fields)
  const { onPiece } = around
  const sent = await sendSpan(response, file.source, { span, pace: admitted.pace, onPiece })
  if (sent.complete) response.end()
  else response.destroy()
  return sent
}

/** Undefined: the path is not guarded, or leads to a file for whoever has come in. */
async function askGuard(
  request: Request,
  response: Response,
  { service: { guarded } }: Around,
  path: string,
): Promise<Sent | undefined> {
  if (guarded === undefined || !isGuarded(path)) return undefined
  const withBody = request.method === 'GET'
  if (!mayEnter(guarded, request.headers.authorization ?? '')) {
    return refuse(response, LOGIN, withBody)
  }
  const page = await pageOf(guarded, path)
  return page && sendPage(response, page, withBody)
}

/** Whoever has come in to the guarded pages needs no second login there. */
function mayFetch(
  { headers }: Request,
  { service: { clients, guarded } }: Around,
  path: string | undefined,
): boolean {
  const isIn = guarded !== undefined && path !== undefined && isGuarded(path)
  return isIn || clients?.lets(headers.authorization ?? '') !== false
}

function sendPage(response: Response, { contentType, body }: PageBody, withBody: boolean): Sent {
  const bytes = Buffer.from(body)
  const fields = `Content-Type: ${contentType}\r\nCache-Control: private, no-store\r\n`
  writeHead(response, 200, `${fields}Content-Length: ${bytes.length}\r\n`)
  response.end(withBody ? bytes : '')
  return { bytes: withBody ? bytes.length : 0, complete: true }
}

function refuse(response: Response, { status, fields, body }: Refusal, withBody: boolean): Sent {
  writeHead(response, status, fields)
  response.end(withBody ? body : '')
  return { bytes: withBody ? body.length : 0, complete: true }
}

function writeHead(response: Response, status: number, fields: string): void {
  for (const line of fields.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) response.setHeader(line.slice(0, colon), line.slice(colon + 2))
  }
  response.statusCode = status
}

interface Found extends AsyncDisposable {
  readonly facts: FileFacts
  /** Undefined: nothing of it is in memory. */
  readonly start: Uint8Array | undefined
  readonly source: Source
}

async function find(path: string, { service, snapshot }: Around): Promise<Found | undefined> {
  if (isLocal(path)) {
    if (service.localFolder === undefined) return undefined
    const local = await openOperators(service.localFolder, path)
    return local && found(local.facts, local, undefined)
  }
  const file = snapshot?.files.get(path)
  if (file === undefined) return undefined
  const open = await service.openFiles.open(file)
  return open && found(file, open, { file, service })
}

function found(
  facts: FileFacts,
  open: OpenFile,
  served: { readonly file: ServedFile; readonly service: Service } | undefined,
): Found {
  const shared = served && { pool: served.service.chunks, owner: served.file }
  return {
    facts,
    start: served?.file.start,
    source: { handle: open.handle, shared },
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  }
}
