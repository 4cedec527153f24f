import { STATUS_CODES } from 'node:http'
import { dateField } from './date-field.ts'

/** What happens to the connection after an answer; 1.0 clients want to be told that it stays (RFC 9112 9.3). */
export type Lasting = 'close' | 'stay' | 'stay-1.0'

const CONNECTION: Readonly<Record<Lasting, string>> = {
  close: 'Connection: close\r\n\r\n',
  stay: '\r\n',
  'stay-1.0': 'Connection: keep-alive\r\n\r\n',
}

/** Status line and fields, to the empty line. */
export function headText(status: number, fields: string, lasting: Lasting): string {
  return statusLine(status) + dateField() + fields + CONNECTION[lasting]
}

const STATUS_LINES = new Map<number, string>()

function statusLine(status: number): string {
  let line = STATUS_LINES.get(status)
  if (line === undefined) {
    line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
    STATUS_LINES.set(status, line)
  }
  return line
}
