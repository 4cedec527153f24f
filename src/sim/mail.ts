import { type Mail, MailError, type Mailer } from '#ports/mailer.ts'

/** A mail server that keeps what it was given. */
export class SimMailer implements Mailer {
  readonly sent: Mail[] = []
  isAway = false

  async send(mail: Mail, signal: AbortSignal): Promise<void> {
    await null
    signal.throwIfAborted()
    if (this.isAway) throw new MailError('away', 'reach the mail server')
    this.sent.push(mail)
  }
}
