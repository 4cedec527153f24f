import assert from 'node:assert/strict'
import {
  mkdir,
  mkdtempDisposable,
  readdir,
  readFile,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { pack } from 'tar-stream'
import { run, without } from '../../../test/support/run.ts'
import { mountSmall } from '../../../test/support/small-disk.ts'
import { readBundle, writeBundle } from './index.ts'

const signal = AbortSignal.timeout(60_000)

async function folder() {
  const temporary = await mkdtempDisposable(join(tmpdir(), 'cvdnet-bundle-'))
  const at = (path: string) => join(temporary.path, path)
  return { at, into: at('into'), [Symbol.asyncDispose]: () => temporary.remove() }
}

test('what goes in comes out, with its time, and tar reads it', {
  skip: without('tar'),
}, async () => {
  await using here = await folder()
  await mkdir(here.at('tree/tuf'), { recursive: true })
  const content = { 'tuf/root.json': '{}', 'daily.cvd': 'x'.repeat(1_000_000), 'daily-2.cdiff': '' }
  const files = Object.keys(content).map((path) => ({ path, file: here.at(`tree/${path}`) }))
  for (const [path, text] of Object.entries(content)) {
    await writeFile(here.at(`tree/${path}`), text)
    await utimes(here.at(`tree/${path}`), 1_700_000_000, 1_700_000_000)
  }
  const bytes = await writeBundle(here.at('b.tar'), files, { signal })
  assert.equal(bytes, (await stat(here.at('b.tar'))).size)
  const listed = await run('tar', ['-tf', here.at('b.tar')])
  assert.deepEqual(listed.out.trim().split('\n'), Object.keys(content))
  const read = await readBundle(here.at('b.tar'), { into: here.into, signal })
  assert.deepEqual(read, { ok: true, value: Object.keys(content) })
  for (const [path, text] of Object.entries(content)) {
    assert.equal(await readFile(join(here.into, path), 'utf8'), text)
    assert.equal((await stat(join(here.into, path))).mtimeMs, 1_700_000_000_000)
  }
  const only = { into: here.at('some'), only: (path: string) => path.startsWith('tuf/'), signal }
  assert.deepEqual(await readBundle(here.at('b.tar'), only), { ok: true, value: ['tuf/root.json'] })
})

test('a bundle that was cut anywhere is refused', async () => {
  await using here = await folder()
  await writeFile(here.at('a'), 'x'.repeat(3000))
  const files = ['a', 'b'].map((path) => ({ path, file: here.at('a') }))
  const bytes = await writeBundle(here.at('b.tar'), files, { signal })
  const whole = await readFile(here.at('b.tar'))
  let attempt = 0
  for (const cut of [1, 100, 511, 512, 513, 3000, 3584, 4096, 4097, 4608, 5000, bytes - 1024]) {
    await writeFile(here.at('cut.tar'), whole)
    await truncate(here.at('cut.tar'), cut)
    const into = here.at(`into-${attempt++}`)
    const read = await readBundle(here.at('cut.tar'), { into, signal })
    assert.ok(!read.ok, `cut after ${cut} of ${bytes}`)
  }
})

const ODD: readonly (readonly [string, Parameters<ReturnType<typeof pack>['entry']>[0], RegExp])[] =
  [
    ['a way out', { name: '../evil' }, /plain path/],
    ['an absolute name', { name: '/etc/evil' }, /plain path/],
    ['a hidden name', { name: '.ssh/authorized_keys' }, /plain path/],
    ['a symbolic link', { name: 'daily.cvd', type: 'symlink', linkname: '/etc/passwd' }, /symlink/],
    ['a hard link', { name: 'daily.cvd', type: 'link', linkname: 'a' }, /is a link/],
    ['a device', { name: 'daily.cvd', type: 'character-device' }, /device/],
    ['a folder', { name: 'tuf', type: 'directory' }, /directory/],
    ['a name twice', { name: 'first' }, /twice/],
  ]
for (const [what, header, reason] of ODD) {
  test(`${what} is refused`, async () => {
    await using here = await folder()
    const archive = pack()
    archive.entry({ name: 'first' }, 'x')
    archive.entry(header, header.type === undefined ? 'x' : '')
    archive.finalize()
    await writeFile(here.at('b.tar'), Readable.from(archive))
    const read = await readBundle(here.at('b.tar'), { into: here.into, signal })
    assert.ok(!read.ok && read.fault.kind === 'odd-entry', JSON.stringify(read))
    assert.match(read.fault.reason, reason)
  })
}

test('what is no archive, or an empty one, is told apart from a disk that fails', async () => {
  await using here = await folder()
  for (const [name, content] of [
    ['text', 'this is a page\n'.repeat(100)],
    ['empty', ''],
    ['zeros', Buffer.alloc(10_240)],
  ] as const) {
    await writeFile(here.at(name), content)
    const read = await readBundle(here.at(name), { into: here.into, signal })
    assert.ok(!read.ok, name)
  }
  const nowhere = readBundle(here.at('nowhere'), { into: here.into, signal })
  await assert.rejects(nowhere, { name: 'DiskError' })
  const unwritten = writeBundle(here.at('no/such/folder.tar'), [], { signal })
  await assert.rejects(unwritten, { name: 'DiskError' })
  const gone = [{ path: 'a', file: here.at('nowhere') }]
  await assert.rejects(writeBundle(here.at('b.tar'), gone, { signal }), { name: 'DiskError' })
  assert.equal(await stat(here.at('b.tar')).catch(() => 'nothing'), 'nothing')
})

test('a disk that is too small is told, and nothing stays on it', async (context) => {
  await using here = await folder()
  await mkdir(here.at('stick'))
  using disk = mountSmall(here.at('stick'), '64k')
  if (disk === undefined) return context.skip('needs the right to mount a small file system')
  await writeFile(here.at('a'), 'x'.repeat(1_000_000))
  const files = [{ path: 'a', file: here.at('a') }]
  const written = writeBundle(here.at('stick/b.tar'), files, { signal })
  await assert.rejects(written, { name: 'DiskError', code: 'disk-full' })
  assert.deepEqual(await readdir(here.at('stick')), [])
})
