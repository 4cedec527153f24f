/** One request, answered: look the file up, decide, write head and body. */
import { type FileHandle, open } from 'node:fs/promises'
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { EpochSeconds } from '#base/time.ts'
import { decideAnswer } from './decide-answer.ts'
import { formatHttpDate } from './http-date.ts'
import { isLocal, openLocal } from './local-files.ts'
import { pathOfTarget } from './request-target.ts'
import { sendSpan } from './send-file.ts'
import type { Snapshot } from './snapshot.ts'

export interface RespondOptions {
  /** Asked for each request. Undefined while nothing is published. */
  readonly source: () => Snapshot | undefined
  /** The operator's document root, for `local_*`. */
  readonly localFolder?: string
}

/** Answers one request and resolves to the number of body bytes that were handed over. */
export async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: RespondOptions,
): Promise<number> {
  if (hasBody(request)) response.shouldKeepAlive = false
  const { method } = request
  if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405, { Allow: 'GET, HEAD' })
  const path = pathOfTarget(request.url ?? '')
  const found = path === undefined ? undefined : await find(path || 'index.html', options)
  if (path === undefined || found === undefined) return refuse(response, 404)
  await using file = found
  const answer = decideAnswer({ method, path, conditions: request.headers }, file)
  const fields = { 'Last-Modified': formatHttpDate(file.lastModified), 'Accept-Ranges': 'bytes' }
  if (answer.kind === 'not-modified') {
    response.writeHead(304, fields).end()
    return 0
  }
  if (answer.kind === 'no-such-part') {
    return refuse(response, 416, { ...fields, 'Content-Range': `bytes */${file.bytes}` })
  }
  const span = answer.kind === 'part' ? answer : { from: 0, bytes: file.bytes }
  const range = `bytes ${span.from}-${span.from + span.bytes - 1}/${file.bytes}`
  response.writeHead(answer.kind === 'part' ? 206 : 200, {
    ...fields,
    'Content-Type': file.contentType,
    'Content-Length': span.bytes,
    'X-Content-Type-Options': 'nosniff',
    ...(answer.kind === 'part' && { 'Content-Range': range }),
  })
  if (method === 'GET') return await sendSpan(response, file.body, span)
  response.end()
  return 0
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}

function refuse(
  response: ServerResponse,
  status: number,
  fields: OutgoingHttpHeaders = {},
): number {
  const body = status === 404 ? 'Not found\n' : ''
  response.writeHead(status, {
    ...fields,
    ...(body && { 'Content-Type': 'text/plain; charset=utf-8' }),
    'Content-Length': body.length,
  })
  response.end(body)
  return body.length
}

interface OpenFile extends AsyncDisposable {
  readonly bytes: number
  readonly lastModified: EpochSeconds
  readonly contentType: string
  readonly body: FileHandle | Uint8Array
}

/** Opened before the head is written, so that a file which cannot be read is still a plain 404. */
async function find(path: string, options: RespondOptions): Promise<OpenFile | undefined> {
  if (isLocal(path)) {
    if (options.localFolder === undefined) return undefined
    const local = await openLocal(options.localFolder, path)
    return local && owned(local, local.handle)
  }
  const file = options.source()?.files.get(path)
  if (file === undefined) return undefined
  if (file.content !== undefined) return owned(file, file.content)
  let handle: FileHandle | undefined
  try {
    handle = await open(file.file, 'r')
    if ((await handle.stat()).size === file.bytes) return owned(file, handle)
  } catch {
    // The tree was taken away between two releases, or the disk fails: the next mirror has it.
  }
  await handle?.close()
  return undefined
}

function owned(
  about: Pick<OpenFile, 'bytes' | 'lastModified' | 'contentType'>,
  body: FileHandle | Uint8Array,
): OpenFile {
  const { bytes, lastModified, contentType } = about
  const dispose = async () => {
    if (!(body instanceof Uint8Array)) await body.close()
  }
  return { bytes, lastModified, contentType, body, [Symbol.asyncDispose]: dispose }
}
