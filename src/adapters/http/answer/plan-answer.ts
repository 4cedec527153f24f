/** From a decision to what stands on the wire, the same for every protocol. */

import type { Span } from '../files/send-file.ts'
import type { FileFacts } from '../files/snapshot.ts'
import type { Answer } from './decide-answer.ts'

export interface Plan {
  readonly status: number
  /** Without `Date` and `Connection`, which belong to the one who sends. */
  readonly fields: string
  /** Of the file. Undefined: the answer has no body. */
  readonly span: Span | undefined
}

export function planAnswer(answer: Answer, file: FileFacts): Plan {
  switch (answer.kind) {
    case 'not-modified':
      return { status: 304, fields: file.fields, span: undefined }
    case 'no-such-part': {
      const fields = `${file.fields}Content-Range: bytes */${file.bytes}\r\nContent-Length: 0\r\n`
      return { status: 416, fields, span: undefined }
    }
    case 'part': {
      const { from, bytes } = answer
      const range = `Content-Range: bytes ${from}-${from + bytes - 1}/${file.bytes}\r\n`
      const fields = `${file.fieldsWithBody}${range}Content-Length: ${bytes}\r\n`
      return { status: 206, fields, span: { from, bytes } }
    }
    case 'whole': {
      const fields = `${file.fieldsWithBody}Content-Length: ${file.bytes}\r\n`
      return { status: 200, fields, span: { from: 0, bytes: file.bytes } }
    }
  }
}

export interface Refusal {
  readonly status: number
  readonly fields: string
  readonly body: string
}

/** Never 403: it would lock a freshclam out of every mirror for a day (field-notes 2). */
export function refusal(
  status: 400 | 401 | 404 | 405 | 408 | 429 | 431 | 503,
  fields = '',
): Refusal {
  const body = BODIES[status] ?? ''
  const type = body === '' ? '' : 'Content-Type: text/plain; charset=utf-8\r\n'
  return {
    status,
    fields: `${fields}${type}Cache-Control: no-store\r\nContent-Length: ${body.length}\r\n`,
    body,
  }
}

const BODIES: Readonly<Record<number, string>> = {
  404: 'Not found\n',
  429: 'Too many whole downloads; patches and checks are always free\n',
  503: 'Busy; try again later\n',
}
export const NOT_FOUND = refusal(404)
export const WRONG_METHOD = refusal(405, 'Allow: GET, HEAD\r\n')
/** freshclam takes a 401 for a failure of this server, and goes on with the next (not so a 403). */
export const CLIENTS_LOGIN = refusal(
  401,
  'WWW-Authenticate: Basic realm="mirror", charset="UTF-8"\r\n',
)
export const LOGIN = refusal(401, 'WWW-Authenticate: Basic realm="statistics", charset="UTF-8"\r\n')
