import { once } from 'node:events'
import { SMTPServer } from 'smtp-server'

export interface SunkLetter {
  readonly from: string
  readonly to: readonly string[]
  /** As it came over the wire. */
  readonly raw: string
  /** Unfolded, by lower-case name. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

export interface SmtpSink extends AsyncDisposable {
  readonly port: number
  readonly letters: SunkLetter[]
}

/** A real SMTP server on loopback that keeps what it is given. `refuse` may answer a recipient with a status. */
export async function smtpSink(
  options: {
    readonly login?: { readonly user: string; readonly password: string }
    readonly refuse?: (to: string) => number | undefined
  } = {},
): Promise<SmtpSink> {
  const letters: SunkLetter[] = []
  const { login } = options
  const server = new SMTPServer({
    authOptional: login === undefined,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    logger: false,
    onAuth: ({ username, password }, _session, done) => {
      const isRight = username === login?.user && password === login?.password
      done(isRight ? null : new Error('Wrong password'), isRight ? { user: username } : undefined)
    },
    onRcptTo: ({ address }, _session, done) => {
      const status = options.refuse?.(address)
      done(
        status === undefined
          ? undefined
          : Object.assign(new Error('Not here'), { responseCode: status }),
      )
    },
    onData: (stream, { envelope }, done) => {
      const pieces: Buffer[] = []
      stream.on('data', (piece: Buffer) => pieces.push(piece))
      stream.once('end', () => {
        const raw = Buffer.concat(pieces).toString('utf8')
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        letters.push({ from, to: envelope.rcptTo.map(({ address }) => address), ...parts(raw) })
        done()
      })
    },
  })
  server.on('error', () => {})
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const address = listening.address()
  if (typeof address !== 'object' || address === null) throw new Error('Cannot listen')
  return {
    port: address.port,
    letters,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => server.close(resolve))
    },
  }
}

function parts(raw: string): Omit<SunkLetter, 'from' | 'to'> {
  const split = raw.indexOf('\r\n\r\n')
  const lines = raw
    .slice(0, split)
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
    }),
  )
  return { raw, headers, body: raw.slice(split + 4) }
}
