/** What only enemies and broken programs send. */
export const HOSTILE_TARGETS: readonly string[] = [
  '/.hidden',
  '/database/',
  '/database',
  '/tuf/',
  '/local_page/..%2f.hidden',
  '/../outside.txt',
  '/%2e%2e/outside.txt',
  '/%2e%2e%2foutside.txt',
  '/%252e%252e/outside.txt',
  '/..%5coutside.txt',
  '/database/..%2f..%2foutside.txt',
  '/daily.cvd/',
  '/daily.cvd/x',
  '/daily.cvd%00.html',
  '/%00',
  '/%',
  '/%ff%fe',
  '/etc/passwd',
  `/${'a'.repeat(3000)}`,
  `/${'../'.repeat(500)}etc/passwd`,
]

export interface HostileRequest {
  readonly name: string
  readonly bytes: Buffer
  /** More answers than this, and somebody's request was smuggled. */
  readonly answersMax: number
}

export function hostileRequests(): readonly HostileRequest[] {
  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
  const of = (name: string, text: string, answersMax = 1): HostileRequest => {
    return { name, bytes: Buffer.from(text, 'latin1'), answersMax }
  }
  const get = (...fields: readonly string[]) =>
    `GET /timestamp HTTP/1.1\r\nHost: a\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`
  const body = `0\r\n\r\n${smuggled}`
  return [
    of('CL and TE', `${get('Content-Length: 6', 'Transfer-Encoding: chunked')}${body}`, 2),
    of('TE behind a space', `${get('Transfer-Encoding : chunked')}${body}`),
    of('TE in disguise', `${get('Transfer-Encoding: xchunked')}${body}`),
    of('two lengths', `${get('Content-Length: 5', 'Content-Length: 6')}abcde${smuggled}`),
    of('a length that is none', `${get('Content-Length: +5')}abcde${smuggled}`),
    of('a folded field', `${get('X: a\r\n Content-Length: 5')}abcde${smuggled}`, 2),
    of('line feeds only', 'GET /timestamp HTTP/1.1\nHost: a\n\n'),
    of('a bare carriage return', get('X: a\rY: b')),
    of('NUL in a field', get('X: a\0b')),
    of('NUL in the target', 'GET /time\0stamp HTTP/1.1\r\nHost: a\r\n\r\n'),
    of('64 KB of one field', get(`X: ${'x'.repeat(65_536)}`)),
    of('ten thousand fields', get(...Array.from({ length: 10_000 }, (_, at) => `X${at}: y`))),
    of('64 KB of target', `GET /${'a'.repeat(65_536)} HTTP/1.1\r\nHost: a\r\n\r\n`),
    of('HTTP/0.9', 'GET /timestamp\r\n\r\n'),
    of('HTTP/3.7', 'GET /timestamp HTTP/3.7\r\nHost: a\r\n\r\n'),
    of('HTTP/2 without agreement', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    of('a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
    of('nothing but line ends', '\r\n'.repeat(2000)),
    of(
      'binary',
      Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 37) % 256)).toString('latin1'),
    ),
    of(
      'thirteen hundred ranges',
      `GET /daily.cvd HTTP/1.1\r\nHost: a\r\nConnection: close\r\nRange: bytes=${'0-,'.repeat(1300)}0-\r\n\r\n`,
    ),
    of(
      'ranges that overlap',
      `GET /daily.cvd HTTP/1.1\r\nHost: a\r\nConnection: close\r\nRange: bytes=0-9,5-15,0-\r\n\r\n`,
    ),
    of('a range beyond numbers', get(`Range: bytes=${'9'.repeat(400)}-`)),
    of('a negative range', get('Range: bytes=--5')),
    of(
      'dates of nowhere',
      get('If-Modified-Since: Tue, 99 Foo 99999 99:99:99 GMT', 'Range: bytes=0-1'),
    ),
    of(
      'an upgrade',
      get('Connection: Upgrade', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'),
    ),
    of('a body that is expected', get('Expect: 100-continue', 'Content-Length: 5'), 2),
  ]
}
