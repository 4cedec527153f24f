import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { signMd5, signSha256, verifyMd5, verifySha256 } from '#formats/dsig/index.ts'
import { drawSalt, newPublisherSecrets } from './index.ts'

test('fresh keys sign in both schemes, as long as ClamAV’s own', async () => {
  const secrets = await newPublisherSecrets('acme')
  assert.equal(secrets.header.n.toString(2).length, 1024)
  assert.equal(secrets.info.n.toString(2).length, 2047)
  const md5 = createHash('md5').update('payload').digest()
  const sha256 = createHash('sha256').update('text').digest()
  assert.ok(verifyMd5(md5, signMd5(md5, secrets.header), secrets.header).ok)
  for (const key of [secrets.info, secrets.patch]) {
    assert.ok(verifySha256(sha256, signSha256(sha256, key, drawSalt), key).ok)
  }
})

test('a name that would not fit a key file is refused', async () => {
  await assert.rejects(newPublisherSecrets('no good'), { code: 'bad-publisher-name' })
})
