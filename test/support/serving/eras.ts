/**
 * Requests as clients of each era send them, byte for byte (formats.md 5.4, 5.9, 6.3 to 6.7). `sends` gets the names
 * that differ from file to file.
 */
export interface Era {
  readonly name: string
  /** The check for something newer. */
  readonly check: (path: string, since?: string) => string
  readonly whole: (path: string, since?: string) => string
}

const lines = (...all: readonly (string | undefined)[]): string =>
  `${all.filter((line) => line !== undefined).join('\r\n')}\r\n\r\n`

const since = (date: string | undefined) => date && `If-Modified-Since: ${date}`

function of2003(agent: string, range?: string) {
  return (path: string) =>
    lines(
      `GET ${path} HTTP/1.1`,
      'Host: database.clamav.test',
      `User-Agent: ${agent}`,
      'Cache-Control: no-cache',
      'Connection: close',
      range,
    )
}

function of1_0(range?: string) {
  return (path: string, date?: string) =>
    lines(
      `GET ${path} HTTP/1.0`,
      'Host: db.xx.clamav.test',
      'User-Agent: ClamAV/0.97.8 (OS: linux-gnu, ARCH: x86_64, CPU: x86_64)',
      'Connection: close',
      range,
      since(date),
    )
}

function ofCurl(range?: string) {
  return (path: string, date?: string) =>
    lines(
      `GET ${path} HTTP/1.1`,
      'Host: 127.0.0.1:8101',
      range,
      'User-Agent: ClamAV/1.4.6 (OS: Linux, ARCH: x86_64, CPU: x86_64, UUID: fd49bb29-8689-41b4-bef4-067a5557e6db)',
      'Accept: */*',
      since(date),
      'Connection: close',
    )
}

function ofCvdupdate(range?: string) {
  return (path: string, date?: string) =>
    lines(
      `GET ${path} HTTP/1.1`,
      'Host: database.clamav.test',
      'User-Agent: CVDUPDATE/1.1.3 (fd49bb29-8689-41b4-bef4-067a5557e6db)',
      'Accept-Encoding: gzip, deflate',
      'Accept: */*',
      'Connection: keep-alive',
      range,
      since(date),
    )
}

const HEADER = 'Range: bytes=0-511'

/** 2003 and 0.65 read the header out of a whole answer. */
export const ERAS: readonly Era[] = [
  { name: '0.60 of 2003', check: of2003('clamav/20030720'), whole: of2003('clamav/20030720') },
  { name: '0.65', check: of2003('clamav/0.65'), whole: of2003('clamav/0.65') },
  { name: '0.70', check: of2003('clamav/0.70', HEADER), whole: of2003('clamav/0.70') },
  { name: '0.97', check: of1_0(HEADER), whole: of1_0() },
  { name: '1.4.6', check: ofCurl(HEADER), whole: ofCurl() },
  { name: 'cvdupdate', check: ofCvdupdate('Range: bytes=0-95'), whole: ofCvdupdate() },
]

/** Its requests are HTTP/1.0. */
export const OLD_PROTOCOL = '0.97'
export const FIRST_CLIENTS = ['0.60 of 2003', '0.65']
