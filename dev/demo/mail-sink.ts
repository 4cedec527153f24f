import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SMTPServer } from 'smtp-server'
import { writeFileAtomic } from '#adapters/disk/index.ts'

export interface MailSink extends AsyncDisposable {
  readonly port: number
}

/** The demo's mail server: every letter of the network becomes a file. */
export async function startMailSink(folder: string): Promise<MailSink> {
  await mkdir(folder, { recursive: true })
  let count = 0
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    onData: (stream, _session, done) => {
      const pieces: Buffer[] = []
      stream.on('data', (piece: Buffer) => pieces.push(piece))
      stream.once('end', () => {
        count += 1
        const at = new Date().toISOString().replaceAll(/[:.]/g, '')
        const file = join(folder, `${at}-${count}.eml`)
        writeFileAtomic(file, Buffer.concat(pieces)).then(
          () => done(),
          (error: Error) => done(error),
        )
      })
    },
  })
  server.on('error', () => {})
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const address = listening.address()
  if (typeof address !== 'object' || address === null) throw new Error('Cannot listen for mail')
  return {
    port: address.port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
