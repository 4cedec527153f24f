import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printAuthorizedKeys } from './print.ts'

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAG2rU3Q+pMvYu4wUCRv88bNZRncs15GyPE7ZzZoeX9V'

test('a key is tied to its command, or has a shell', () => {
  const keys = [
    { key: KEY, comment: 'rsync1', command: '~/bin/clam-clientsync rsync1' },
    { key: KEY, comment: 'alice', command: undefined },
  ]
  assert.equal(
    printAuthorizedKeys(keys, ['Masters']),
    `# Masters\nrestrict,command="~/bin/clam-clientsync rsync1" ${KEY} rsync1\n${KEY} alice\n`,
  )
})

test('no comment starts a line of its own', () => {
  const text = printAuthorizedKeys(
    [{ key: KEY, comment: `x\n${KEY}`, command: undefined }],
    [`y\r\n${KEY}`],
  )
  assert.equal(text.split(/[\r\n]/).length, 3)
})

test('a command or a key that would end the options is a bug, not a line', () => {
  for (const command of ['a"', 'a\\', 'a\nb', '']) {
    assert.throws(() => printAuthorizedKeys([{ key: KEY, comment: '', command }]))
  }
  assert.throws(() => printAuthorizedKeys([{ key: `${KEY} x`, comment: '', command: undefined }]))
})
