import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromLatin1, toLatin1 } from '#base/bytes.ts'
import {
  describeSignAnswerFault,
  describeSignRequestFault,
  parseSignAnswer,
  parseSignRequest,
  printSignAnswer,
  printSignRequest,
  SIGN_ANSWER_BYTES_MAX,
} from './messages.ts'

test('each part of a database is asked for as sigtool asks', () => {
  const asked = (part: 'header' | 'info' | 'patch', bytes: number) => {
    const digest = new Uint8Array(bytes).fill(0x61)
    const request = printSignRequest({ part, user: 'ann', password: 'pw', digest })
    return request.ok && toLatin1(request.value)
  }
  assert.equal(asked('header', 16), `ClamSign:ann:pw:${'a'.repeat(16)}`)
  assert.equal(asked('patch', 32), `ClamSignPSS:ann:pw:${'a'.repeat(32)}`)
  assert.equal(asked('info', 32), `ClamSignPSS2:ann:pw:${'a'.repeat(32)}`)
})

test('a login that would end early, and a digest of another length, are not sent', () => {
  const digest = new Uint8Array(16)
  for (const [user, password] of [
    ['', 'pw'],
    ['a:b', 'pw'],
    ['ann', 'p w'],
    ['ann', 'p'.repeat(31)],
    ['ann\n', 'pw'],
  ] as const) {
    const request = printSignRequest({ part: 'header', user, password, digest })
    assert.ok(!request.ok && request.fault.kind === 'bad-login')
    assert.match(describeSignRequestFault(request.fault), /user and password/)
  }
  const short = printSignRequest({ part: 'info', user: 'ann', password: 'pw', digest })
  assert.deepEqual(short, {
    ok: false,
    fault: { kind: 'bad-digest-length', bytes: 16, wanted: 32 },
  })
})

const ANSWERS: readonly (readonly [string, string, string])[] = [
  ['nothing', '', 'no-signature'],
  ['an error', 'Error: bad login\n', 'no-signature'],
  ['a signature behind other words', 'Old Signature:abcd', 'no-signature'],
  ['no text', 'Signature:', 'bad-signature-text'],
  ['another alphabet', 'Signature:ab-c', 'bad-signature-text'],
  ['two lines', 'Signature:ab\ncd', 'bad-signature-text'],
  ['too long a text', `Signature:${'a'.repeat(351)}`, 'bad-signature-text'],
  ['too long an answer', 'S'.repeat(SIGN_ANSWER_BYTES_MAX + 1), 'answer-too-long'],
]
for (const [situation, text, kind] of ANSWERS) {
  test(`an answer with ${situation} is a fault: ${kind}`, () => {
    const answer = parseSignAnswer(fromLatin1(text))
    assert.ok(!answer.ok)
    assert.equal(answer.fault.kind, kind)
    assert.notEqual(describeSignAnswerFault(answer.fault), '')
  })
}

test('law: requests and answers print and read back, whatever the digest', () => {
  const login = fc.string({ unit: fc.constantFrom(...'aZ9!.-~'), minLength: 1, maxLength: 30 })
  const digest = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes })
  const request = fc.oneof(
    fc.record({
      part: fc.constant('header' as const),
      user: login,
      password: login,
      digest: digest(16),
    }),
    fc.record({
      part: fc.constantFrom('info' as const, 'patch' as const),
      user: login,
      password: login,
      digest: digest(32),
    }),
  )
  fc.assert(
    fc.property(request, (value) => {
      const printed = printSignRequest(value)
      assert.ok(printed.ok)
      const back = parseSignRequest(printed.value)
      assert.ok(back.ok)
      assert.deepEqual(
        { ...back.value, digest: [...back.value.digest] },
        { ...value, digest: [...value.digest] },
      )
    }),
  )
  const text = fc.string({ unit: fc.constantFrom(...'abZ09+/'), minLength: 1, maxLength: 350 })
  fc.assert(
    fc.property(text, fc.constantFrom('', '\n', '\0'), (signature, end) => {
      const bytes = Buffer.concat([printSignAnswer(signature), fromLatin1(end)])
      assert.deepEqual(parseSignAnswer(bytes), { ok: true, value: signature })
    }),
  )
})

test('law: no bytes make them throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      parseSignRequest(bytes)
      parseSignRequest(Buffer.concat([fromLatin1('ClamSignPSS2:a:b:'), bytes]))
      parseSignAnswer(bytes)
    }),
  )
})
