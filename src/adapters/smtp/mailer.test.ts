import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Mail, MailError } from '#ports/mailer.ts'
import { smtpSink } from '../../../test/support/smtp-sink.ts'
import { SmtpMailer } from './mailer.ts'

const signal = AbortSignal.timeout(60_000)
const MAIL: Mail = {
  to: 'team@lists.test',
  subject: '[clamav.test] Mirror mirror7 is marked old',
  text: 'Not available since noon.\n\n-- \nThe network\n',
  messageId: '<b@clamav.test>',
  references: ['<0@clamav.test>', '<a@clamav.test>'],
  at: new Date('2026-03-02T00:00:00Z'),
}

function mailer(port: number, more: Partial<ConstructorParameters<typeof SmtpMailer>[0]> = {}) {
  return new SmtpMailer({
    host: '127.0.0.1',
    port,
    security: 'none',
    login: undefined,
    from: 'cvdnet@clamav.test',
    ...more,
  })
}

function fails(code: MailError['code']) {
  return (error: unknown) => {
    assert.ok(error instanceof MailError, String(error))
    assert.equal(error.code, code, error.message)
    return true
  }
}

test('a letter arrives with its id, its thread and its own date, marked as a machine’s', async () => {
  await using sink = await smtpSink()
  await mailer(sink.port).send(MAIL, signal)
  const [letter] = sink.letters
  assert.ok(letter !== undefined)
  assert.deepEqual([letter.from, letter.to], ['cvdnet@clamav.test', ['team@lists.test']])
  const expected = {
    'message-id': '<b@clamav.test>',
    'in-reply-to': '<a@clamav.test>',
    references: '<0@clamav.test> <a@clamav.test>',
    subject: MAIL.subject,
    date: 'Mon, 02 Mar 2026 00:00:00 +0000',
    'auto-submitted': 'auto-generated',
  }
  for (const [name, value] of Object.entries(expected)) {
    assert.equal(letter.headers.get(name), value, name)
  }
  assert.match(letter.body, /^Not available since noon\.\r\n/)
})

// Field-notes 4: hostile text in operator fields.
test('nothing in a letter makes another header or another recipient', async () => {
  await using sink = await smtpSink()
  const evil = 'x\r\nBcc: victim@example.test\r\nX-Evil: yes'
  await mailer(sink.port).send(
    { ...MAIL, subject: evil, text: `${evil}\r\n.\r\nMAIL FROM:<a@b>` },
    signal,
  )
  for (const to of [
    'a@b.test>\r\nRCPT TO:<victim@example.test',
    'a@b.test, victim@example.test',
    '"victim@example.test" <a@b.test>',
  ]) {
    await assert.rejects(mailer(sink.port).send({ ...MAIL, to }, signal), fails('refused'))
  }
  for (const { to, headers } of sink.letters) {
    assert.ok(!to.includes('victim@example.test'), to.join())
    assert.equal(headers.get('bcc'), undefined)
    assert.equal(headers.get('x-evil'), undefined)
  }
  assert.equal(sink.letters.length, 1)
})

test('who refuses a letter for ever and who only does so now are told apart', async () => {
  await using sink = await smtpSink({
    refuse: (to) => (to.startsWith('gone') ? 550 : to.startsWith('full') ? 452 : undefined),
  })
  const to = (name: string) => mailer(sink.port).send({ ...MAIL, to: `${name}@lists.test` }, signal)
  await assert.rejects(to('gone'), fails('refused'))
  await assert.rejects(to('full'), fails('away'))
  await assert.rejects(mailer(1).send(MAIL, signal), fails('away'))
  assert.deepEqual(sink.letters, [])
})

test('a login is used where there is one, and no password goes out where TLS is wanted and missing', async () => {
  await using sink = await smtpSink({ login: { user: 'cvdnet', password: 'secret' } })
  const login = { user: 'cvdnet', password: 'secret' }
  await mailer(sink.port, { login }).send(MAIL, signal)
  assert.equal(sink.letters.length, 1)
  const wrong = { ...login, password: 'other' }
  await assert.rejects(mailer(sink.port, { login: wrong }).send(MAIL, signal), fails('away'))
  const strict = mailer(sink.port, { login, security: 'starttls' })
  await assert.rejects(strict.send(MAIL, signal), fails('away'))
  assert.equal(sink.letters.length, 1)
})
