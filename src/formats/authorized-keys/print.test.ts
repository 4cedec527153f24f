import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printAuthorizedKeys } from './print.ts'

const [KEY, OTHER] = ['ssh-ed25519 AAAA1', 'ssh-ed25519 AAAA2']

test('a master runs one command and nothing else; people have a line without one', () => {
  const keys = printAuthorizedKeys({
    callers: [{ name: 'rsync1', key: KEY, command: '~/bin/clam-clientsync "rsync1"' }],
    people: [{ name: 'team@clamav.example', key: OTHER }],
  })
  assert.ok(keys.ok)
  assert.equal(
    keys.value,
    `restrict,command="~/bin/clam-clientsync \\"rsync1\\"" ${KEY} rsync1\n${OTHER} team@clamav.example\n`,
  )
})

test('a key in two lines and a name of two lines are refused', () => {
  const caller = { name: 'rsync1', key: KEY, command: 'x' }
  const twice = printAuthorizedKeys({ callers: [caller], people: [{ name: 'me', key: KEY }] })
  assert.deepEqual(twice, { ok: false, fault: { kind: 'key-twice', name: 'me' } })
  const forged = { ...caller, command: `x\n${OTHER}` }
  const fault = printAuthorizedKeys({ callers: [forged], people: [] })
  assert.deepEqual(fault, { ok: false, fault: { kind: 'not-one-line', name: 'rsync1' } })
})
