import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, isIPv6 } from 'node:net'
import {
  CLASS,
  type DnsMessage,
  dnsName,
  type Edns,
  parseMessage,
  printMessage,
  QUERY,
  TYPE,
} from '#formats/dns-message/index.ts'

const ANSWER_TIMEOUT_MS = 3_000

export interface Server {
  readonly host: string
  readonly port: number
}

export function query(name: string, type: keyof typeof TYPE, edns?: Partial<Edns>): Buffer {
  const questions = [{ name: dnsName(name), type: TYPE[type], class: CLASS.IN }]
  const full = edns && {
    udpBytes: 1232,
    version: 0,
    dnssecOk: false,
    extendedRcode: 0,
    options: [],
    ...edns,
  }
  const id = Math.floor(Math.random() * 0x1_0000)
  return Buffer.from(printMessage({ ...QUERY, id, questions, ...(full && { edns: full }) }))
}

/** The answer's bytes; undefined when none comes. */
export async function sendUdp(
  { host, port }: Server,
  message: Buffer,
  waitMs = ANSWER_TIMEOUT_MS,
): Promise<Buffer | undefined> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  try {
    const signal = AbortSignal.timeout(waitMs)
    const answer = once(socket, 'message', { signal })
    socket.send(message, port, host)
    const [bytes] = await answer
    return bytes
  } catch {
    return undefined
  } finally {
    socket.close()
  }
}

/** One connection, all messages at once; the answers in the order they came. */
export async function sendTcp(
  { host, port }: Server,
  messages: readonly Buffer[],
): Promise<readonly Buffer[]> {
  const socket = connect({ host, port })
  socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy())
  const answers: Buffer[] = []
  for (const message of messages) socket.write(framed(message))
  let held = Buffer.alloc(0)
  try {
    for await (const piece of socket) {
      held = Buffer.concat([held, piece])
      while (held.byteLength >= 2 && held.byteLength >= 2 + held.readUInt16BE(0)) {
        const end = 2 + held.readUInt16BE(0)
        answers.push(held.subarray(2, end))
        held = held.subarray(end)
      }
      if (answers.length >= messages.length) break
    }
  } finally {
    socket.destroy()
  }
  return answers
}

export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.byteLength)
  return Buffer.concat([length, message])
}

export function decoded(bytes: Buffer | undefined): DnsMessage {
  if (bytes === undefined) throw new Error('There is no answer')
  const message = parseMessage(bytes)
  if (!message.ok) throw new Error(`Cannot read the answer: ${JSON.stringify(message.fault)}`)
  return message.value
}

export async function ask(
  server: Server,
  name: string,
  type: keyof typeof TYPE,
  edns?: Partial<Edns>,
): Promise<DnsMessage> {
  return decoded(await sendUdp(server, query(name, type, edns)))
}

/** With bytes as hexadecimal, whatever kind of array they are, so that two can be compared. */
export function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, one) => {
      if (one instanceof Uint8Array) return Buffer.from(one).toString('hex')
      return one?.type === 'Buffer' ? Buffer.from(one).toString('hex') : one
    }),
  )
}
