import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  readonly status: number
  /** First line. */
  readonly line: string
  /** Names in small letters. */
  readonly fields: ReadonlyMap<string, string>
  readonly body: Buffer
}

export interface Exchanged {
  readonly answers: readonly RawAnswer[]
  /** What each read of the client gave. */
  readonly packets: readonly Buffer[]
  /** What came behind the last whole answer. */
  readonly rest: Buffer
}

export interface Place {
  readonly host: string
  readonly port: number
}

const WAIT_MS = 10_000

/**
 * Sends bytes, and collects what comes until the server closes or is quiet for a while after an answer. `methods` tells
 * which answers have a body.
 */
export async function exchange(
  place: Place,
  bytes: string | Buffer,
  options: { readonly head?: boolean; readonly quietMs?: number } = {},
): Promise<Exchanged> {
  const socket = connect(place.port, place.host)
  socket.on('error', () => {})
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  const packets = await received(socket, options.quietMs)
  const all = Buffer.concat(packets)
  return { packets, ...parsed(all, options.head === true) }
}

function received(socket: Socket, quietMs: number | undefined): Promise<readonly Buffer[]> {
  const packets: Buffer[] = []
  return new Promise((resolve, reject) => {
    const tooLong = setTimeout(() => {
      socket.destroy()
      reject(
        new Error(`Cannot wait longer; came so far: ${Buffer.concat(packets).subarray(0, 500)}`),
      )
    }, WAIT_MS)
    const end = () => {
      clearTimeout(tooLong)
      socket.destroy()
      resolve(packets)
    }
    if (quietMs !== undefined) socket.setTimeout(quietMs, end)
    socket.on('data', (packet) => packets.push(packet))
    socket.once('end', end)
    socket.once('close', end)
  })
}

function parsed(all: Buffer, isHead: boolean): Pick<Exchanged, 'answers' | 'rest'> {
  const answers: RawAnswer[] = []
  let rest = all
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0 || !rest.subarray(0, 5).equals(Buffer.from('HTTP/'))) return { answers, rest }
    const [line = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n')
    const fields = new Map(
      lines.map((field) => {
        const colon = field.indexOf(':')
        return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()] as const
      }),
    )
    const status = Number(line.split(' ')[1])
    const hasBody = !isHead && status !== 304 && status >= 200
    const bytes = hasBody ? Number(fields.get('content-length') ?? rest.length) : 0
    const from = end + 4
    const body = rest.subarray(from, from + bytes)
    answers.push({ status, line, fields, body })
    rest = rest.subarray(from + body.length)
  }
}
