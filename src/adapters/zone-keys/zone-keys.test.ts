import assert from 'node:assert/strict'
import {
  chmod,
  mkdtempDisposable,
  readdir,
  readFile,
  rename,
  stat,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { epochMs, epochSeconds } from '#base/time.ts'
import { keyStateAt, type ZoneKey } from '#core/dnssec/index.ts'
import {
  keysStamp,
  newZoneKey,
  readSigningKeys,
  readZoneKeys,
  watchZoneKeys,
  writeZoneKey,
  ZoneKeyError,
} from './index.ts'

const ZONE = 'clamav.example'
const NOW = epochSeconds(1_795_488_000)

async function emptyFolder() {
  const { path, remove } = await mkdtempDisposable(join(tmpdir(), 'cvdnet-zone-keys-'))
  return { folder: join(path, 'keys'), [Symbol.asyncDispose]: remove }
}

test('the first key is active, the next on standby, both for their owner alone', async () => {
  await using it = await emptyFolder()
  assert.deepEqual(await readZoneKeys(it.folder, ZONE), [])
  const first = await newZoneKey(it.folder, ZONE, NOW)
  const second = await newZoneKey(it.folder, ZONE, NOW)
  assert.deepEqual(
    [first, second].map((key) => keyStateAt(key, NOW)),
    ['active', 'standby'],
  )
  const keys = await readSigningKeys(it.folder, ZONE, NOW)
  assert.deepEqual(
    keys,
    [first, second].toSorted((a, b) => a.tag - b.tag),
  )
  for (const name of await readdir(it.folder)) {
    assert.match(name, /^Kclamav\.example\.\+013\+\d{5}\.private$/)
    assert.equal((await stat(join(it.folder, name))).mode & 0o777, 0o600)
  }
  assert.deepEqual(await readZoneKeys(it.folder, 'other.example'), [])
})

async function oneFile(folder: string): Promise<string> {
  const [name = ''] = await readdir(folder)
  return join(folder, name)
}

const refusedWith = (code: ZoneKeyError['code'], message: RegExp) => (error: unknown) =>
  error instanceof ZoneKeyError && error.code === code && message.test(error.message)

test('a key that others may read, or under another name, or that is none, is refused by its file', async () => {
  await using it = await emptyFolder()
  const reading = () => readSigningKeys(it.folder, ZONE, NOW)
  await assert.rejects(reading(), refusedWith('no-active-key', /cvdnet dns-key new/))
  await newZoneKey(it.folder, ZONE, NOW)
  const file = await oneFile(it.folder)
  await chmod(file, 0o640)
  await assert.rejects(reading(), refusedWith('key-file-exposed', /chmod 600/))
  await chmod(file, 0o600)
  const other = join(it.folder, 'Kclamav.example.+013+99999.private')
  await rename(file, other)
  await assert.rejects(reading(), refusedWith('bad-key-file', /belongs into "Kclamav/))
  await rename(other, file)
  await reading()
  await writeFile(file, (await readFile(file, 'utf8')).replace('Created', 'Made'))
  await assert.rejects(reading(), refusedWith('bad-key-file', /a field "Made"/))
})

test('a folder that changes is followed, and a fault is told once while the keys before stay', async () => {
  await using it = await emptyFolder()
  const first = await newZoneKey(it.folder, ZONE, NOW)
  const faults: string[] = []
  let told = Promise.withResolvers<readonly ZoneKey[]>()
  let failed = Promise.withResolvers<void>()
  await using _ = watchZoneKeys(
    {
      folder: it.folder,
      zone: ZONE,
      now: () => epochMs(NOW * 1000),
      onKeys: (keys) => told.resolve(keys),
      onFault: ({ message }) => {
        faults.push(message)
        failed.resolve()
      },
      lookEveryMs: 10,
    },
    await keysStamp(it.folder, ZONE),
  )
  const second = await newZoneKey(it.folder, ZONE, NOW)
  assert.equal((await told.promise).length, 2)
  told = Promise.withResolvers()
  failed = Promise.withResolvers()
  const file = join(
    it.folder,
    (await readdir(it.folder)).find((one) => one.includes(String(second.tag))) ?? '',
  )
  await chmod(file, 0o644)
  await failed.promise
  await chmod(file, 0o600)
  await writeZoneKey(it.folder, ZONE, { ...first, times: { ...first.times, dsPublished: NOW } })
  const keys = await told.promise
  assert.equal(keys.find(({ tag }) => tag === first.tag)?.times.dsPublished, NOW)
  assert.equal(faults.length, 1, faults.join())
})
