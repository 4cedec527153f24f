import assert from 'node:assert/strict'
import { mkdtempDisposable, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { epochMs } from '#base/time.ts'
import { publishRelease } from '../../../test/support/publish-release.ts'
import { datePointers } from './date-pointers.ts'

const secondsOf = async (path: string) => (await stat(path)).mtimeMs / 1000

// The historical script's rsync compares length and whole seconds (R63–R65).
test('pointers of two generations within one second differ by a whole one, and files of the release keep their dates', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-dates-'))
  const first = (await publishRelease(join(folder.path, 'a'), 1)).published?.folder ?? ''
  const second = (await publishRelease(join(folder.path, 'b'), 2)).published?.folder ?? ''
  const ofRelease = (path: string) => path.endsWith('.cvd')
  const before = await secondsOf(join(second, 'daily.cvd'))
  const now = epochMs(1_800_000_000_400)
  await datePointers(first, ofRelease, undefined, now)
  await datePointers(second, ofRelease, first, now)
  assert.equal(await secondsOf(join(first, 'timestamp')), 1_800_000_000)
  for (const pointer of ['timestamp', 'manifest.json']) {
    assert.equal(await secondsOf(join(second, pointer)), 1_800_000_001, pointer)
  }
  assert.equal(await secondsOf(join(second, 'daily.cvd')), before)
})

test('a clock that went back does not date a newer tree before an older one', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-dates-'))
  const first = (await publishRelease(join(folder.path, 'a'), 1)).published?.folder ?? ''
  const second = (await publishRelease(join(folder.path, 'b'), 2)).published?.folder ?? ''
  await datePointers(first, () => false, undefined, epochMs(1_800_000_000_000))
  await datePointers(second, () => false, first, epochMs(1_700_000_000_000))
  assert.equal(await secondsOf(join(second, 'timestamp')), 1_800_000_001)
})

test('what the desk publishes is dated so', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-dates-'))
  const stamps: number[] = []
  for (const n of [1, 2, 3]) {
    const { published } = await publishRelease(folder.path, n)
    stamps.push(await secondsOf(join(published?.folder ?? '', 'timestamp')))
  }
  const [a = 0, b = 0, c = 0] = stamps
  assert.ok(b >= a + 1 && c >= b + 1, stamps.join())
})
