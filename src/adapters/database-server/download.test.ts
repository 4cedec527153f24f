import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { type DatabaseClient, databaseClient } from '../../../test/support/database-client.ts'
import { flood, httpAnswer, type RawMirror, rawMirror } from '../../../test/support/raw-mirror.ts'

const signal = AbortSignal.timeout(60_000)
const MORE = 1_000_000_000
const OLD = 'ClamAV-VDB: the first edition. '.repeat(10_000)
const NEW = 'ClamAV-VDB: and the second one! '.repeat(10_000)
const CUT_AT = 100_000
const TAG = 'ETag: "one"\r\n'
const DATED =
  'Last-Modified: Tue, 22 Jun 2021 18:58:22 GMT\r\nDate: Wed, 23 Jun 2021 18:58:22 GMT\r\n'

type Answer = (path: string, head: string, socket: Socket) => string | undefined

interface World extends AsyncDisposable {
  readonly client: DatabaseClient
  /** Of every question so far, whether it was for the rest. */
  readonly heads: readonly string[]
  readonly mirror: RawMirror
  next(answer: Answer): void
  download(path?: string, bytesMax?: number): ReturnType<DatabaseClient['server']['download']>
}

/** A mirror that answers each question as it is told to. */
async function world(first: Answer): Promise<World> {
  const heads: string[] = []
  let answer = first
  const mirror = await rawMirror((path, head, socket) => {
    heads.push(head)
    return answer(path, head, socket)
  })
  const client = await databaseClient({ silentMsMax: 1_000 })
  return {
    ...{ client, heads, mirror },
    next(other) {
      answer = other
    },
    download(path = '/daily.cvd', bytesMax = MORE) {
      const url = new URL(`http://127.0.0.1:${mirror.port}${path}`)
      return client.server.download({ url, signal }, client.into, bytesMax)
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await mirror[Symbol.asyncDispose]()
    },
  }
}

/** The head promises all of `OLD`; then the line is cut. */
const cut =
  (fields: string, bytes = CUT_AT): Answer =>
  () =>
    httpAnswer(OLD, '200 OK', fields).slice(0, bytes - OLD.length)

function rest(content: string, fields: string, from = CUT_AT): string {
  const range = `Content-Range: bytes ${from}-${content.length - 1}/${content.length}\r\n`
  return httpAnswer(content.slice(from), '206 Partial Content', range + fields)
}

const whole: Answer = (_path, head) => {
  assert.doesNotMatch(head, /\r\n(?:If-)?Range:/i)
  return httpAnswer(NEW, '200 OK', TAG)
}

for (const [validator, fields, named] of [
  ['a tag', TAG, '"one"'],
  ['a date', DATED, 'Tue, 22 Jun 2021 18:58:22 GMT'],
] as const) {
  test(`what was cut goes on, known by ${validator}, and only the rest is sent`, async () => {
    await using it = await world(cut(fields))
    const broken = await it.download()
    assert.ok(broken.kind === 'unreachable', JSON.stringify(broken))
    assert.match(
      broken.reason,
      /^GET http:\/\/127\.0\.0\.1:\d+\/daily\.cvd: the connection broke off/,
    )
    assert.equal(await it.client.content(), OLD.slice(0, CUT_AT))

    it.next(() => rest(OLD, fields))
    assert.deepEqual(await it.download(), { kind: 'found', content: OLD.length })
    assert.equal(await it.client.content(), OLD)
    assert.deepEqual(await it.client.files(), ['daily.cvd'])
    assert.equal(it.heads.length, 2)
    assert.match(it.heads[1] ?? '', new RegExp(`\\r\\nRange: bytes=${CUT_AT}-\\r\\n`))
    assert.match(it.heads[1] ?? '', new RegExp(`\\r\\nIf-Range: ${named}\\r\\n`))
  })
}

test('what breaks off twice goes on twice', async () => {
  await using it = await world(cut(TAG))
  await it.download()
  it.next(() => rest(OLD, TAG).slice(0, -150_000))
  assert.partialDeepStrictEqual(await it.download(), { kind: 'unreachable' })
  const there = OLD.length - 150_000
  assert.equal(await it.client.content(), OLD.slice(0, there))
  it.next(() => rest(OLD, TAG, there))
  assert.deepEqual(await it.download(), { kind: 'found', content: OLD.length })
  assert.equal(await it.client.content(), OLD)
})

test('silence in the middle ends it, and what came stays', async () => {
  await using it = await world((_path, _head, socket) => {
    socket.write(httpAnswer(OLD, '200 OK', TAG).slice(0, CUT_AT - OLD.length))
    return undefined
  })
  const silent = await it.download()
  assert.ok(silent.kind === 'unreachable', JSON.stringify(silent))
  assert.match(silent.reason, /it sent nothing for 1 s/)
  assert.equal(await it.client.content(), OLD.slice(0, CUT_AT))
  it.next(() => rest(OLD, TAG))
  assert.deepEqual(await it.download(), { kind: 'found', content: OLD.length })
})

test('an abort is the caller’s, and what came stays', async () => {
  const stop = new AbortController()
  await using it = await world((_path, _head, socket) => {
    socket.write(httpAnswer(OLD, '200 OK', TAG).slice(0, CUT_AT - OLD.length))
    return undefined
  })
  const url = new URL(`http://127.0.0.1:${it.mirror.port}/daily.cvd`)
  const question = { url, signal: stop.signal }
  const downloading = it.client.server.download(question, it.client.into, MORE)
  await setTimeout(200)
  stop.abort(new Error('the daemon is stopping'))
  await assert.rejects(downloading, /^Error: the daemon is stopping$/)
  assert.equal(await it.client.content(), OLD.slice(0, CUT_AT))
  const again = it.client.server.download(question, it.client.into, MORE)
  await assert.rejects(again, /^Error: the daemon is stopping$/)
  assert.equal(it.heads.length, 1)
})

const isRest = (head: string) => /\r\nRange:/i.test(head)
const CHANGED: readonly (readonly [string, number, (head: string) => string])[] = [
  ['changed and told by a whole file', 2, () => httpAnswer(NEW, '200 OK', 'ETag: "two"\r\n')],
  [
    'of another tag, from a server blind to If-Range',
    3,
    () => rest(NEW.slice(0, OLD.length), 'ETag: "two"\r\n'),
  ],
  ['of another length', 3, () => rest(NEW, TAG)],
  [
    'of another place',
    3,
    () => httpAnswer(OLD.slice(7), '206 P', `Content-Range: bytes 7-309999/310000\r\n${TAG}`),
  ],
  ['of no place', 3, () => httpAnswer(OLD.slice(CUT_AT), '206 P', TAG)],
  ['shorter than what is there', 3, () => httpAnswer('', '416 Range Not Satisfiable')],
]
for (const [what, questions, answer] of CHANGED) {
  test(`a rest that is ${what} makes it begin anew`, async () => {
    await using it = await world(cut(TAG))
    await it.download()
    it.next((path, head, socket) => (isRest(head) ? answer(head) : whole(path, head, socket)))
    assert.deepEqual(await it.download(), { kind: 'found', content: NEW.length })
    assert.equal(await it.client.content(), NEW)
    assert.equal(it.heads.length, questions)
    assert.deepEqual(await it.client.files(), ['daily.cvd'])
  })
}

test('what came from another URL, or from nobody knows where, is not gone on with', async () => {
  await using it = await world(cut(TAG))
  await it.download('/main.cvd')
  it.next(whole)
  assert.deepEqual(await it.download(), { kind: 'found', content: NEW.length })
  assert.equal(await it.client.content(), NEW)

  it.next(cut('ETag: W/"weak"\r\n'))
  await it.download()
  it.next(whole)
  assert.deepEqual(await it.download(), { kind: 'found', content: NEW.length })

  it.next(cut(TAG))
  await it.download()
  await writeFile(`${it.client.into}.from`, '{"url":')
  it.next(whole)
  assert.deepEqual(await it.download(), { kind: 'found', content: NEW.length })

  it.next(cut(TAG))
  await it.download()
  await rm(it.client.into)
  it.next(whole)
  assert.deepEqual(await it.download(), { kind: 'found', content: NEW.length })
  assert.equal(await it.client.content(), NEW)
})

test('a login in the URL is sent, and neither told nor noted', async () => {
  await using it = await world(cut(TAG))
  const url = new URL(`http://user:hidden@127.0.0.1:${it.mirror.port}/daily.cvd`)
  const broken = await it.client.server.download({ url, signal }, it.client.into, MORE)
  assert.ok(broken.kind === 'unreachable')
  const login = Buffer.from('user:hidden').toString('base64')
  assert.match(it.heads[0] ?? '', new RegExp(`^authorization: Basic ${login}\r$`, 'im'))
  assert.doesNotMatch(broken.reason, /hidden/)
  assert.doesNotMatch(await readFile(`${it.client.into}.from`, 'utf8'), /hidden/)
  it.next(() => rest(OLD, TAG))
  const found = await it.client.server.download({ url, signal }, it.client.into, MORE)
  assert.deepEqual(found, { kind: 'found', content: OLD.length })
})

test('a refusal and an unreachable mirror leave what is there', async () => {
  await using it = await world(cut(TAG))
  await it.download()
  it.next(() => httpAnswer('', '503 Busy', 'Retry-After: 9\r\n'))
  assert.deepEqual(await it.download(), { kind: 'refused', status: 503, retryAfter: 9 })
  assert.equal(await it.client.content(), OLD.slice(0, CUT_AT))
})

const TOO_LARGE: readonly (readonly [string, Answer])[] = [
  ['said to be too long', () => httpAnswer(OLD)],
  ['endless', (_path, _head, socket) => flood(socket, OLD.slice(0, 10))],
]
for (const [what, answer] of TOO_LARGE) {
  test(`a file that is ${what} is removed`, async () => {
    await using it = await world(answer)
    assert.deepEqual(await it.download('/x', 1_000), { kind: 'too-large', bytesMax: 1_000 })
    assert.deepEqual(await it.client.files(), [])
  })
}

test('a rest that makes the file too long is too large', async () => {
  await using it = await world(cut(TAG))
  await it.download()
  it.next(() => rest(OLD, TAG))
  const told = await it.download('/daily.cvd', CUT_AT + 1)
  assert.deepEqual(told, { kind: 'too-large', bytesMax: CUT_AT + 1 })
  assert.deepEqual(await it.client.files(), [])
})

test('a file of exactly the length allowed is not too long', async () => {
  await using it = await world(() => httpAnswer(OLD))
  const found = { kind: 'found', content: OLD.length }
  assert.deepEqual(await it.download('/x', OLD.length), found)
  assert.equal(await it.client.content(), OLD)
})

test('a disk that cannot be written is an error of ours, not the mirror’s', async () => {
  await using it = await world(whole)
  const url = new URL(`http://127.0.0.1:${it.mirror.port}/daily.cvd`)
  const nowhere = `${it.client.into}/no/such/folder`
  const downloading = it.client.server.download({ url, signal }, nowhere, MORE)
  await assert.rejects(downloading, { name: 'DiskError', code: 'vanished' })
})
