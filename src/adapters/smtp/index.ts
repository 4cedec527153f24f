export { SmtpMailer, type SmtpOptions } from './mailer.ts'
