/**
 * The operator's certificate. It is read anew when its files change, as ACME clients change them; a pair that does not
 * fit leaves the old one in place and is told.
 */
import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { readStart } from '#adapters/disk/index.ts'
import { HttpServerError, type Listener } from './listen.ts'

const LOOK_EVERY_MS = 5_000
const TICKET_KEY_BYTES = 48
/** A chain has some thousand; what is cut here does not fit then. */
const PEM_BYTES_MAX = 256 * 1024

/** PEM files: the chain, and its key. */
export interface CertificateFiles {
  readonly certificateFile: string
  readonly keyFile: string
}

export interface Certificate {
  /** PEM. */
  readonly cert: string
  readonly key: string
  /** All threads know each other's sessions by these; they last as long as the certificate. */
  readonly ticketKeys: Uint8Array
}

/** One that can change its certificate. */
export interface SecureListener extends Listener {
  /** For whoever comes from now on. */
  use(certificate: Certificate): void | Promise<void>
}

/** One that follows the files of its certificate. */
export interface HttpsListener extends Listener {
  /** Follows other files. Throws `HttpServerError`, and stays with what it had, when they are no good. */
  useCertificate(files: CertificateFiles): Promise<void>
}

/** Listens with the certificate in these files. Throws `HttpServerError` when they are no good. */
export async function followCertificate(
  files: CertificateFiles,
  open: (certificate: Certificate) => Promise<SecureListener>,
  onFault: (line: string) => void = () => {},
): Promise<HttpsListener> {
  const seen = await markOf(files).catch(() => '')
  const listener = await open(await mustRead(files))
  const renewal = new Renewal(listener, { files, seen }, onFault)
  return {
    host: listener.host,
    port: listener.port,
    useCertificate: (next) => renewal.follow(next),
    drain: async () => {
      renewal[Symbol.dispose]()
      await listener.drain()
    },
    [Symbol.asyncDispose]: async () => {
      renewal[Symbol.dispose]()
      await listener[Symbol.asyncDispose]()
    },
  }
}

async function mustRead(files: CertificateFiles): Promise<Certificate> {
  return await read(files).catch((cause: unknown) => {
    const names = `"${files.certificateFile}" with "${files.keyFile}"`
    throw new HttpServerError('bad-certificate', `use the certificate ${names}`, { cause })
  })
}

/** Throws when the two do not fit. */
async function read({ certificateFile, keyFile }: CertificateFiles): Promise<Certificate> {
  const cert = await readPem(certificateFile)
  const key = await readPem(keyFile)
  createSecureContext({ cert, key })
  return { cert, key, ticketKeys: randomBytes(TICKET_KEY_BYTES) }
}

/** A named pipe in its place would keep a reload waiting. */
async function readPem(file: string): Promise<string> {
  return Buffer.from(await readStart(file, PEM_BYTES_MAX)).toString('utf8')
}

async function markOf({ certificateFile, keyFile }: CertificateFiles): Promise<string> {
  const found = await Promise.all([stat(certificateFile), stat(keyFile)])
  return found.map(({ ino, mtimeMs, size }) => `${ino} ${mtimeMs} ${size}`).join(' ')
}

interface Followed {
  readonly files: CertificateFiles
  readonly seen: string
}

class Renewal implements Disposable {
  readonly #listener: SecureListener
  readonly #timer: NodeJS.Timeout
  #files: CertificateFiles
  #seen: string
  #told = ''

  constructor(
    listener: SecureListener,
    { files, seen }: Followed,
    onFault: (line: string) => void,
  ) {
    this.#listener = listener
    this.#files = files
    this.#seen = seen
    const look = () => {
      this.#look().catch((error: unknown) => {
        const line = `certificate "${this.#files.certificateFile}" stays as it was: ${String(error)}`
        // It is tried again, since a passing trouble is one, too.
        if (line !== this.#told) onFault(line)
        this.#told = line
      })
    }
    this.#timer = setInterval(look, LOOK_EVERY_MS).unref()
  }

  async follow(files: CertificateFiles): Promise<void> {
    const mark = await markOf(files).catch(() => '')
    await this.#listener.use(await mustRead(files))
    this.#files = files
    this.#seen = mark
  }

  async #look(): Promise<void> {
    const mark = await markOf(this.#files)
    if (mark === this.#seen) return
    await this.#listener.use(await read(this.#files))
    this.#seen = mark
    this.#told = ''
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
