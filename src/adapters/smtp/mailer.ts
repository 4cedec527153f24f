import { createTransport, type Transporter } from 'nodemailer'
import { type Mail, MailError, type MailErrorCode, type Mailer } from '#ports/mailer.ts'

export interface SmtpOptions {
  readonly host: string
  readonly port: number
  /** `starttls` refuses a server that does not offer it; `tls` starts with it; `none` is for a server on this machine. */
  readonly security: 'starttls' | 'tls' | 'none'
  readonly login: { readonly user: string; readonly password: string } | undefined
  /** Address that letters come from. */
  readonly from: string
  /** The name that this host says it has; a list server may look at it. */
  readonly helo?: string
  /** For a server with a certificate of its own: the authority that made it, in PEM. */
  readonly ca?: string
}

const CONNECT_MS_MAX = 20_000
/** RFC 5321 4.5.3.2 wants minutes; a postman with a full bag has less patience, and tries again. */
const SILENCE_MS_MAX = 60_000

/** Exactly one, and nothing that an address parser could take for more. */
const ONE_ADDRESS = /^[^\s@<>(),;:"\\[\]\p{Cc}]+@[\p{L}\p{N}.-]+$/u

/** `Mailer` over SMTP by nodemailer. One connection a letter: letters are few, and a server may close an idle one. */
export class SmtpMailer implements Mailer {
  readonly #transport: Transporter
  readonly #from: string

  constructor({ host, port, security, login, from, helo, ca }: SmtpOptions) {
    this.#from = from
    this.#transport = createTransport({
      host,
      port,
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
      connectionTimeout: CONNECT_MS_MAX,
      greetingTimeout: CONNECT_MS_MAX,
      socketTimeout: SILENCE_MS_MAX,
      // Nothing that somebody typed may name a file or an address to be fetched.
      disableFileAccess: true,
      disableUrlAccess: true,
      ...(login === undefined ? {} : { auth: { user: login.user, pass: login.password } }),
      ...(helo === undefined ? {} : { name: helo }),
      ...(ca === undefined ? {} : { tls: { ca } }),
    })
  }

  async send(mail: Mail, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { to, subject, text, messageId, references, at } = mail
    if (!ONE_ADDRESS.test(to)) {
      throw new MailError('refused', `send a letter to ${JSON.stringify(to)}: it is no address`)
    }
    const parent = references.at(-1)
    try {
      await this.#transport.sendMail({
        from: { name: '', address: this.#from },
        to: { name: '', address: to },
        envelope: { from: this.#from, to },
        subject,
        text,
        messageId,
        date: at,
        references: [...references],
        ...(parent === undefined ? {} : { inReplyTo: parent }),
        // RFC 3834: answering machines keep still.
        headers: { 'Auto-Submitted': 'auto-generated', Precedence: 'bulk' },
      })
    } catch (error) {
      throw asMailError(to, error)
    }
  }
}

function asMailError(to: string, cause: unknown): MailError {
  return new MailError(codeOf(cause), `send a letter to "${to}": ${words(cause)}`, { cause })
}

/** 5xx to the letter itself is for ever (RFC 5321 4.2.1); everything else may pass, wrong passwords included. */
function codeOf(error: unknown): MailErrorCode {
  if (typeof error !== 'object' || error === null) return 'away'
  const status = 'responseCode' in error ? Number(error.responseCode) : 0
  const isOfLetter = 'code' in error && (error.code === 'EENVELOPE' || error.code === 'EMESSAGE')
  return isOfLetter && status >= 500 ? 'refused' : 'away'
}

function words(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
}
