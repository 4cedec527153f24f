import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signLater } from './sign-later.ts'

const remote = {
  header: (md5: Uint8Array) => Promise.resolve(`header of ${md5[0]}`),
  info: (sha256: Uint8Array) => Promise.resolve(`info of ${sha256[0]}`),
}

test('a builder that signs at once gets signatures that take their time', async () => {
  let runs = 0
  const built = await signLater((signer) => {
    runs += 1
    return [
      signer.info(Uint8Array.of(1)),
      signer.header(Uint8Array.of(2)),
      signer.info(Uint8Array.of(1)),
    ]
  }, remote)
  assert.deepEqual(built, ['info of 1', 'header of 2', 'info of 1'])
  assert.equal(runs, 3)
})

test("the builder's own error, the signer's, and a builder without end come through", async () => {
  const own = signLater(() => {
    throw new Error('no members')
  }, remote)
  await assert.rejects(own, /no members/)
  const failing = { ...remote, info: () => Promise.reject(new Error('no service')) }
  await assert.rejects(
    signLater((signer) => signer.info(Uint8Array.of(1)), failing),
    /no service/,
  )
  let count = 0
  const fickle = signLater((signer) => signer.info(Uint8Array.of(count++)), remote)
  await assert.rejects(fickle, /other bytes each time/)
})
