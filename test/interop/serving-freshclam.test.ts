/** Stock freshclam and our web server alone: what it does with each answer that we can give (formats.md 5.5). */
import assert from 'node:assert/strict'
import {
  copyFile,
  mkdir,
  mkdtempDisposable,
  readdir,
  readFile,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  type HttpServerOptions,
  loadSnapshot,
  type RequestRecord,
  startHttpServer,
} from '#adapters/http/index.ts'
import { parseHeader } from '#formats/cvd/index.ts'
import { parseFreshclamDat } from '#formats/freshclam-dat/index.ts'
import { realData, run, without, withoutRealData } from '../support/run.ts'

const skip = without('freshclam', 'sigtool') || withoutRealData()
const signal = AbortSignal.timeout(240_000)

interface Told {
  readonly target: string
  readonly status: number
}

class Mirror implements AsyncDisposable {
  readonly told: Told[] = []
  readonly #stack: AsyncDisposableStack
  readonly url: string

  private constructor(stack: AsyncDisposableStack, url: string) {
    this.#stack = stack
    this.url = url
  }

  /** `files` by name: paths of real ones. */
  static async start(
    files: Readonly<Record<string, string>>,
    options: Partial<HttpServerOptions> = {},
  ): Promise<Mirror> {
    await using stack = new AsyncDisposableStack()
    const { path: root } = stack.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-mirror-')))
    for (const [name, from] of Object.entries(files)) {
      await copyFile(from, join(root, name))
      const header = parseHeader((await readFile(from)).subarray(0, 512), 'lenient')
      // A .cvd is dated by its build.
      if (header.ok) await utimes(join(root, name), header.value.builtAt, header.value.builtAt)
    }
    const snapshot = await loadSnapshot(root, { signal })
    const onRequest = ({ target, status }: RequestRecord) => self.told.push({ target, status })
    const server = stack.use(
      await startHttpServer({
        host: '127.0.0.1',
        port: 0,
        source: () => snapshot,
        onRequest,
        ...options,
      }),
    )
    const self = new Mirror(stack.move(), `http://127.0.0.1:${server.port}`)
    return self
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }
}

class Client implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack
  readonly folder: string

  private constructor(stack: AsyncDisposableStack, folder: string) {
    this.#stack = stack
    this.folder = folder
  }

  static async make(): Promise<Client> {
    const stack = new AsyncDisposableStack()
    const { path } = stack.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-client-')))
    const folder = join(path, 'db')
    await mkdir(folder)
    return new Client(stack, folder)
  }

  async update(mirrors: readonly Pick<Mirror, 'url'>[]) {
    const conf = `${this.folder}.conf`
    const owner = process.getuid?.() === 0 ? ['DatabaseOwner root'] : []
    const servers = mirrors.map(({ url }) => `DatabaseMirror ${url}`)
    const lines = [...owner, `DatabaseDirectory ${this.folder}`, 'MaxAttempts 1', ...servers]
    await writeFile(conf, `${lines.join('\n')}\n`)
    return await run('freshclam', [
      '--no-dns',
      '--stdout',
      `--config-file=${conf}`,
      '--update-db=test',
    ])
  }

  async version(): Promise<string> {
    const [file] = (await readdir(this.folder)).filter((name) => /^test\.c[vl]d$/.test(name))
    if (file === undefined) return 'none'
    const info = await run('sigtool', ['--info', join(this.folder, file)])
    return /^Version: (\d+)$/m.exec(info.out)?.[1] ?? info.all
  }

  /** When it may ask again; 0: at once. */
  async lockedUntil(): Promise<number> {
    const dat = parseFreshclamDat(await readFile(join(this.folder, 'freshclam.dat')))
    assert.ok(dat.ok)
    return dat.value.retryAfter ?? 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }
}

const cvd = (version: number) => ({ 'test.cvd': realData(`clamav/test-${version}.cvd`) })
const patch = (version: number) => ({
  [`test-${version}.cdiff`]: realData(`clamav/test-${version}.cdiff`),
})

test('200, 206 and 304: whole, then a patch, then up to date without a body', {
  skip,
}, async () => {
  await using client = await Client.make()
  {
    await using mirror = await Mirror.start(cvd(1))
    assert.equal((await client.update([mirror])).status, 0)
    assert.deepEqual(
      mirror.told.map(({ status }) => status),
      [206, 200],
    )
  }
  await using mirror = await Mirror.start({ ...cvd(2), ...patch(2) })
  assert.equal((await client.update([mirror])).status, 0)
  assert.equal(await client.version(), '2')
  assert.deepEqual(mirror.told, [
    { target: '/test.cvd', status: 206 },
    { target: '/test-2.cdiff', status: 200 },
  ])
  mirror.told.length = 0
  assert.match((await client.update([mirror])).all, /up-to-date/)
  assert.deepEqual(mirror.told, [{ target: '/test.cvd', status: 304 }])
})

test('a patch that is not there leads to the whole', { skip }, async () => {
  await using client = await Client.make()
  await using old = await Mirror.start(cvd(1))
  await client.update([old])
  await using mirror = await Mirror.start(cvd(3))
  assert.equal((await client.update([mirror])).status, 0)
  assert.equal(await client.version(), '3')
  assert.ok(mirror.told.some(({ status, target }) => status === 404 && target.endsWith('.cdiff')))
})

test('404 and 503 lead to the next mirror, and lock nobody out', {
  skip,
  timeout: 120_000,
}, async () => {
  await using empty = await Mirror.start({})
  await using busy = await Mirror.start(cvd(1), {
    limits: { answersMax: { database: 0 } },
  })
  await using good = await Mirror.start(cvd(1))
  await using client = await Client.make()
  const end = await client.update([empty, busy, good])
  assert.equal(end.status, 0, end.all)
  assert.equal(await client.version(), '1')
  assert.equal(await client.lockedUntil(), 0)
  assert.ok(empty.told.every(({ status }) => status === 404))
})

test('429 makes it wait exactly as long as it was told', { skip }, async () => {
  const loops = { wholesAnHour: 1, retryAfterMax: 300 }
  await using mirror = await Mirror.start(cvd(1), { limits: { loops } })
  await using client = await Client.make()
  await client.update([mirror])
  assert.equal(await client.version(), '1')
  // It lost its database, and fetches the whole again: the same installation, by its UUID.
  for (const name of await readdir(client.folder)) {
    if (name.endsWith('.cvd')) await writeFile(join(client.folder, name), '')
  }
  const before = Math.floor(Date.now() / 1000)
  await client.update([mirror])
  assert.ok(
    mirror.told.some(({ status }) => status === 429),
    JSON.stringify(mirror.told),
  )
  const wait = (await client.lockedUntil()) - before
  assert.ok(wait >= 295 && wait <= 305, `${wait} s`)
  mirror.told.length = 0
  await client.update([mirror])
  assert.deepEqual(mirror.told, [])
})

test('a mirror for a fleet: freshclam comes with a login in the address, and without it is not locked out', {
  skip,
}, async () => {
  const clients = [{ name: 'fleet', password: 'sesame' }]
  await using closed = await Mirror.start({ ...cvd(3), ...patch(3), ...patch(2) }, { clients })
  await using stranger = await Client.make()
  const refused = await stranger.update([closed])
  assert.notEqual(refused.status, 0)
  assert.equal(await stranger.lockedUntil(), 0)
  assert.ok(closed.told.every(({ status }) => status === 401))
  await using client = await Client.make()
  const at = { url: closed.url.replace('://', '://fleet:sesame@') }
  {
    await using before = await Mirror.start(cvd(1))
    await client.update([before])
  }
  const end = await client.update([at])
  assert.equal(end.status, 0, end.all)
  assert.equal(await client.version(), '3')
  assert.ok(closed.told.some(({ status, target }) => status === 200 && target.endsWith('.cdiff')))
})
