import assert from 'node:assert/strict'
import { test } from 'node:test'
import ssh2 from 'ssh2'
import { decideLogin, type LoginRequest } from './login.ts'

/** ssh2 1.17 makes a key that it cannot read itself once in 256 times (see `keys.ts`): then another one is made. */
function newKey(kind: 'ed25519' | 'rsa' | 'ecdsa'): ssh2.ParsedKey {
  for (;;) {
    const pair =
      kind === 'rsa'
        ? ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 })
        : kind === 'ecdsa'
          ? ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 })
          : ssh2.utils.generateKeyPairSync('ed25519')
    const key = ssh2.utils.parseKey(pair.private)
    if (!(key instanceof Error)) return key
  }
}

const KEYS = { ed25519: newKey('ed25519'), rsa: newKey('rsa'), ecdsa: newKey('ecdsa') }
const BLOB = Buffer.from('session id and request')

function request(key: ssh2.ParsedKey, hashAlgo?: string): LoginRequest & { method: 'publickey' } {
  const signature = key.sign(BLOB, hashAlgo)
  const base = { algo: key.type, data: key.getPublicSSH() }
  const signed = {
    method: 'publickey',
    username: 'anna',
    key: base,
    signature,
    blob: BLOB,
  } as const
  return hashAlgo === undefined ? signed : { ...signed, hashAlgo }
}

const policy = {
  admit: (user: string) =>
    user === 'anna' ? ({ kind: 'command', run: async () => 0 } as const) : undefined,
}
const kindOf = (one: LoginRequest): string => decideLogin(one, policy).kind

test('a good signature lets in, by every kind of key that holds', () => {
  assert.equal(kindOf(request(KEYS.ed25519)), 'in')
  assert.equal(kindOf(request(KEYS.ecdsa)), 'in')
  assert.equal(kindOf(request(KEYS.rsa, 'sha256')), 'in')
  assert.equal(kindOf(request(KEYS.rsa, 'sha512')), 'in')
})

test('RSA with SHA-1 and DSA are refused', () => {
  assert.equal(kindOf(request(KEYS.rsa)), 'refused')
  const { data } = request(KEYS.rsa).key
  assert.equal(
    kindOf({ ...request(KEYS.rsa, 'sha256'), key: { algo: 'ssh-dss', data } }),
    'refused',
  )
})

test('a flipped bit in the signature, another text, another key, no text: refused', () => {
  for (const key of Object.values(KEYS)) {
    const good = request(key, key.type === 'ssh-rsa' ? 'sha256' : undefined)
    const { signature, blob, ...query } = good
    assert.ok(signature !== undefined && blob !== undefined)
    const flipped = Buffer.from(signature)
    flipped[10] = (flipped[10] ?? 0) ^ 1
    assert.equal(kindOf({ ...good, signature: flipped }), 'refused')
    assert.equal(kindOf({ ...good, blob: Buffer.from('another') }), 'refused')
    assert.equal(kindOf({ ...good, signature: Buffer.alloc(0) }), 'refused')
    assert.equal(kindOf({ ...query, signature }), 'refused')
    const stranger = newKey('ed25519').getPublicSSH()
    assert.equal(kindOf({ ...good, key: { algo: 'ssh-ed25519', data: stranger } }), 'refused')
    assert.equal(kindOf(query), 'sign')
  }
})

test('an unknown account gets the same answer as an unknown key, and a long one is not kept', () => {
  const good = request(KEYS.ed25519)
  const { signature: _, ...query } = good
  for (const one of [good, query]) assert.equal(kindOf({ ...one, username: 'boris' }), 'refused')
  const login = decideLogin({ method: 'none', username: `\u001b[2J${'x'.repeat(5000)}` }, policy)
  assert.ok(login.kind === 'refused')
  assert.ok(login.user.length < 70 && login.user.startsWith('?[2J'))
})

for (const method of ['none', 'password', 'hostbased', 'keyboard-interactive'] as const) {
  test(`login by ${method} is refused`, () => {
    assert.equal(kindOf({ method, username: 'anna' }), 'refused')
  })
}
