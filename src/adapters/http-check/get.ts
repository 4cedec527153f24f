import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { request as requestTls } from 'node:https'
import { checkServerIdentity } from 'node:tls'

/** Operators leave it out of their statistics (R80). */
const AGENT = 'ClamAV-MirrorCheck'
/** Codes of Node's parser and client for what is no HTTP. */
export const PARSER_ERRORS = /^(?:HPE_|ERR_HTTP)/

export interface Question {
  /** A name or a literal; IPv6 without brackets. */
  readonly host: string
  readonly port: number
  readonly path: string
  readonly fields: Readonly<Record<string, string>>
  /** Absent: in the clear. */
  readonly tls?: TlsIdentity
}

export interface TlsIdentity {
  /** The certificate must be of one of them; the first is asked for. At least one. */
  readonly names: readonly string[]
  /** PEM of who is trusted to have signed it. Absent: those that Node trusts. */
  readonly authorities?: string
}

export interface Bounds {
  readonly bytesMax: number
  /** Not a byte for so long ends it. */
  readonly idleMsMax: number
  /** Ends it whatever comes: a byte a second is not silence. */
  readonly signal: AbortSignal
}

export interface Reply {
  readonly status: number
  readonly location: string | undefined
  /** As the server spelled it. */
  readonly date: string | undefined
  /** At most as much as was asked for. */
  readonly body: Uint8Array
  /** True when there was more. */
  readonly cut: boolean
}

/** The other side said nothing for too long. */
export class SilentError extends Error {
  override readonly name = 'SilentError'
  readonly code = 'silent'
  readonly action: string

  constructor(host: string, port: number) {
    const action = `wait for ${host} port ${port}: it is silent`
    super(`Cannot ${action}`)
    this.action = action
  }
}

/** One GET, on a connection of its own, with nothing followed and nothing taken beyond its bounds. */
export async function get(
  { host, port, path, fields, tls }: Question,
  { bytesMax, idleMsMax, signal }: Bounds,
): Promise<Reply> {
  const headers = { ...fields, 'User-Agent': AGENT, Accept: '*/*', Connection: 'close' }
  const question = { host, port, path, agent: false, headers, timeout: idleMsMax, signal } as const
  const asked = tls === undefined ? request(question) : requestTls({ ...question, ...known(tls) })
  asked.once('timeout', () => asked.destroy(new SilentError(host, port)))
  try {
    return await readReply(await answerTo(asked), bytesMax)
  } finally {
    asked.destroy()
  }
}

function known({ names, authorities }: TlsIdentity) {
  return {
    servername: names[0] ?? '',
    checkServerIdentity: (_: string, certificate: Parameters<typeof checkServerIdentity>[1]) => {
      const noes = names.map((name) => checkServerIdentity(name, certificate))
      return noes.includes(undefined) ? undefined : noes[0]
    },
    ...(authorities !== undefined && { ca: authorities }),
  }
}

function answerTo(asked: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  asked.once('response', resolve)
  asked.on('error', reject)
  asked.end()
  return promise
}

async function readReply(answer: IncomingMessage, bytesMax: number): Promise<Reply> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of answer) {
    if (!(piece instanceof Buffer)) continue
    pieces.push(piece)
    bytes += piece.byteLength
    if (bytes > bytesMax) break
  }
  const { location, date } = answer.headers
  const body = Buffer.concat(pieces).subarray(0, bytesMax)
  return { status: answer.statusCode ?? 0, location, date, body, cut: bytes > bytesMax }
}
