import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { newPublisherSecrets } from '#adapters/keys/index.ts'
import { epochSeconds } from '#base/time.ts'
import { signLater, verifiersOf } from '#core/databases/index.ts'
import { buildDatabase, examineDatabase } from '#formats/cvd/index.ts'
import { publicKeys, verifySha256 } from '#formats/dsig/index.ts'
import { signShaped } from '../../../test/support/sign-by-hand.ts'
import {
  type SigningDaemonOptions,
  startSigningDaemon,
} from '../../../test/support/signing-daemon.ts'
import { aName, aVersion } from '../../../test/support/values.ts'
import { SigningService, type SigningServiceOptions } from './client.ts'
import { SigningServiceError } from './error.ts'

const secrets = await newPublisherSecrets('acme')
const keys = publicKeys(secrets)
const login = { user: 'ann', password: 'open-sesame' }
const SHA256 = createHash('sha256').update('bytes').digest()
const { signal } = new AbortController()

async function answered(
  daemon: Partial<SigningDaemonOptions> = {},
  client: Partial<SigningServiceOptions> = {},
): Promise<string> {
  await using service = await startSigningDaemon({ secrets, ...login, ...daemon })
  const { host, port } = service
  return await new SigningService({ host, port, ...login, ...client }).sign('info', SHA256, signal)
}

function code(wanted: SigningServiceError['code'], words?: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof SigningServiceError, String(error))
    assert.equal(error.code, wanted, error.message)
    if (words !== undefined) assert.match(error.message, words)
    assert.ok(!error.message.includes(login.password), 'the password is nowhere')
    return true
  }
}

test('a signature comes back, and fits', async () => {
  assert.ok(verifySha256(SHA256, await answered(), keys.info).ok)
  await answered({}, { keys })
})

test('an answer in pieces is whole; a service that does not close is not waited for', async () => {
  const text = await answered({
    misbehave: (socket, right) => {
      socket.write(right.subarray(0, 100))
      setTimeout(() => socket.write(right.subarray(100)), 50)
    },
  })
  assert.ok(verifySha256(SHA256, text, keys.info).ok)
})

test('a wrong login, a service that hangs up, and one that talks nonsense are refusals', async () => {
  await assert.rejects(answered({}, { password: 'other' }), code('refused', /Error: not allowed/))
  const silent = answered({ misbehave: (socket) => socket.end() })
  await assert.rejects(silent, code('refused', /said nothing/))
  const page = answered({ misbehave: (socket) => socket.end('HTTP/1.0 400 Bad Request\r\n') })
  await assert.rejects(page, code('refused', /HTTP\/1\.0 400/))
  const endless = answered({
    misbehave: (socket) => {
      const more = (error?: Error | null) => {
        if (!error) socket.write('Signature:'.repeat(1000), more)
      }
      more()
    },
  })
  await assert.rejects(endless, code('refused', /more than 511 bytes/))
})

test('a signature of somebody else is refused where the keys are known', async () => {
  const other = answered({ misbehave: (socket) => socket.end('Signature:abc') }, { keys })
  await assert.rejects(other, code('wrong-signature'))
})

test('a signature that most engines refuse is asked for again, a few times', async () => {
  const lost = signShaped(SHA256, secrets.info, { head: (byte) => byte === 0 })
  const good = signShaped(SHA256, secrets.info, { head: (byte) => byte > 0 })
  let asked = 0
  const sign = () => {
    asked += 1
    return asked < 3 ? lost : good
  }
  assert.equal(await answered({ sign }, { keys }), good)
  assert.equal(asked, 3)
  const stubborn = answered({ sign: () => lost }, { keys })
  await assert.rejects(stubborn, code('wrong-signature', /info signed by .*engines 1\.1 to 1\.4/))
  assert.equal(await answered({ sign: () => lost }), lost, 'without the keys nobody can tell')
})

test('a service that is not there, or says nothing for long, is told apart', async () => {
  await assert.rejects(answered({}, { port: 1 }), code('unreachable'))
  const mute = answered({ misbehave: () => {} }, { timeoutMs: 100 })
  await assert.rejects(mute, code('timed-out'))
  await assert.rejects(answered({}, { user: 'a:b' }), code('bad-request'))
})

test('an abort ends the question with its own reason', async () => {
  await using service = await startSigningDaemon({ secrets, ...login, misbehave: () => {} })
  const stop = new AbortController()
  const asking = new SigningService({ ...login, host: service.host, port: service.port }).sign(
    'info',
    SHA256,
    stop.signal,
  )
  setTimeout(() => stop.abort(new Error('stopped by hand')), 50)
  await assert.rejects(asking, /stopped by hand/)
})

const BUILT_AT = epochSeconds(1_700_000_000)

test('a database is built with keys that live in the service', async () => {
  await using service = await startSigningDaemon({ secrets, ...login })
  const { host, port } = service
  const remote = new SigningService({ host, port, ...login, keys })
  const bytes = await signLater(
    (signer) =>
      buildDatabase({
        kind: 'cvd',
        signer,
        name: aName('acme'),
        version: aVersion(3),
        members: new Map([['acme.ndb', Buffer.from('Test.B:0:*:deadbeef\n')]]),
        builder: 'tester',
        builtAt: BUILT_AT,
        functionalityLevel: 90,
        signatures: 1,
      }),
    remote.signer(signal),
  )
  const found = await examineDatabase(once(bytes), { kind: 'cvd', verifiers: verifiersOf([keys]) })
  assert.deepEqual([found.faults, found.signedBy], [[], 'acme'])
  // An MD5 that begins with 00 moves the build time by a second, and then the list of members is signed anew.
  const moved = (found.header?.builtAt ?? 0) - BUILT_AT
  const infos = Array.from({ length: 1 + moved }, () => 'info')
  assert.deepEqual(service.asked, [...infos, 'header'])
})

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
