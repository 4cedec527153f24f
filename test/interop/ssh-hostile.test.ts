/** Callers who have a key and use it for mischief, and callers who only sit there. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import ssh2 from 'ssh2'
import { LIMITS, missingPrograms, type Sigmaker, SshWorld } from './ssh-world.ts'

const skip = await missingPrograms('ssh-keygen', 'prlimit', 'rsync')
const world = new SshWorld()
let anna: Sigmaker

before(async () => {
  if (skip !== false) return
  world.loginTimeoutMs = 400
  await world.start()
  anna = await world.addSigmaker('anna')
})

after(async () => {
  await world[Symbol.asyncDispose]()
})

async function client(): Promise<ssh2.Client> {
  const one = new ssh2.Client()
  one.connect({
    host: world.door.host,
    port: world.door.port,
    username: 'clamupload',
    privateKey: readFileSync(anna.keyFile),
  })
  await once(one, 'ready')
  one.setNoDelay(true)
  return one
}

/** ssh2 1.17 makes a key that it cannot read itself once in 256 times. */
function readableKey(): string {
  for (;;) {
    const { private: text } = ssh2.utils.generateKeyPairSync('ed25519')
    if (!(ssh2.utils.parseKey(text) instanceof Error)) return text
  }
}

async function open(one: ssh2.Client, what: string): Promise<ssh2.ClientChannel> {
  const { promise, resolve, reject } = Promise.withResolvers<ssh2.ClientChannel>()
  const done = (error: Error | undefined, channel: ssh2.ClientChannel): void =>
    error === undefined ? resolve(channel) : reject(error)
  if (what === 'sftp') one.subsys('sftp', done)
  else one.exec(what, done)
  const channel = await promise
  channel.on('error', () => {}).resume()
  channel.stderr.resume()
  return channel
}

/** The status that the channel ended with. */
async function ended(channel: ssh2.ClientChannel): Promise<unknown> {
  const [status] = await once(channel, 'close')
  return status
}

test('who does half a handshake and sleeps is dropped', { skip }, async () => {
  for (const greeting of ['', 'SSH-2.0-OpenSSH_9.2\r\n', 'GET / HTTP/1.1\r\n']) {
    const socket = connect(world.door.port, world.door.host)
    socket.on('error', () => {}).resume()
    await once(socket, 'connect')
    socket.write(greeting)
    await Promise.race([once(socket, 'close'), sleep(3_000).then(() => assert.fail('still open'))])
  }
  assert.ok(world.events.some((event) => event.kind === 'dropped' && event.why === 'login-timeout'))
})

test('after six keys that are not known the caller is sent away', { skip }, async () => {
  world.events.length = 0
  const one = new ssh2.Client()
  one.on('error', () => {})
  const keys = Array.from({ length: 9 }, readableKey)
  let asked = 0
  one.connect({
    host: world.door.host,
    port: world.door.port,
    username: 'clamupload',
    authHandler: (_left, _partial, next) => {
      const key = keys.at(asked)
      asked += 1
      if (key !== undefined) next({ type: 'publickey', username: 'clamupload', key })
    },
  })
  await once(one, 'close')
  const refusals = world.events.filter(({ kind }) => kind === 'login-refused')
  assert.equal(refusals.length, 6)
  assert.ok(world.events.some((event) => event.kind === 'dropped'))
})

test('noise in sftp, scp and rsync ends that channel and nothing else', { skip }, async () => {
  const one = await client()
  for (const what of [
    'sftp',
    'scp -t public_html/',
    'rsync --server -te.LsfxCIvu . public_html/',
    'rsync --server -tz . public_html/a.cvd',
  ]) {
    for (let turn = 0; turn < 8; turn += 1) {
      const channel = await open(one, what)
      channel.end(crypto.getRandomValues(new Uint8Array(200 * (turn + 1))))
      assert.notEqual(await ended(channel), undefined, what)
    }
  }
  one.end()
  assert.deepEqual(readdirSync(anna.folder), [])
})

test('a scp record for a place elsewhere is refused', { skip }, async () => {
  const one = await client()
  for (const record of ['C0644 3 ../../x\n', 'C0644 3 .ssh\n', 'D0755 0 sub\n', 'C0644 3 a/b\n']) {
    const channel = await open(one, 'scp -t public_html/')
    channel.end(`${record}abc\0`)
    assert.equal(await ended(channel), 1, record)
  }
  one.end()
  assert.deepEqual(readdirSync(anna.folder), [])
})

test('a promise of more than the limit is refused before a byte of it comes', {
  skip,
}, async () => {
  const one = await client()
  const channel = await open(one, 'scp -t public_html/')
  let said = ''
  channel.on('data', (bytes: Buffer) => {
    said += bytes.toString('latin1')
  })
  channel.end(`C0644 ${LIMITS.fileBytesMax + 1} a.cvd\n`)
  assert.equal(await ended(channel), 1)
  assert.match(said, /at most 8 MiB/)
  one.end()
})

test('sftp holds no more than its handles, and cannot write far behind the limit', {
  skip,
}, async () => {
  const one = await client()
  const { promise, resolve, reject } = Promise.withResolvers<ssh2.SFTPWrapper>()
  one.sftp((error, sftp) => (error === undefined ? resolve(sftp) : reject(error)))
  const sftp = await promise
  const openOne = (): Promise<Buffer | Error> =>
    new Promise((done) => {
      sftp.open('public_html/a.cvd', 'w', (error, handle) => done(error ?? handle))
    })
  const results = []
  for (let count = 0; count < 33; count += 1) results.push(await openOne())
  assert.ok(results.slice(0, 32).every((result) => Buffer.isBuffer(result)))
  assert.ok(results[32] instanceof Error)
  const [handle] = results
  assert.ok(Buffer.isBuffer(handle))
  const far = await new Promise<Error | null | undefined>((done) => {
    sftp.write(handle, Buffer.from('x'), 0, 1, LIMITS.fileBytesMax, done)
  })
  assert.match(far?.message ?? '', /at most 8 MiB/)
  await new Promise((done) => sftp.unlink('/public_html/a.cvd', done))
  one.end()
})

test('an uploader who vanishes takes his rsync with him', { skip }, async () => {
  const one = await client()
  await open(one, 'rsync --server -te.LsfxCIvu . public_html/')
  await sleep(100)
  const before = world.events.length
  one.destroy()
  for (let turn = 0; turn < 40 && world.events.length === before; turn += 1) await sleep(100)
  const last = world.events.at(-1)
  assert.ok(last?.kind === 'upload-ended' && last.status !== 0)
})
