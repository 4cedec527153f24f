import assert from 'node:assert/strict'
import { cp, mkdtempDisposable, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ReleaseFolder } from '#adapters/disk/index.ts'
import { plainSigner, publishRelease } from '../../../test/support/publish-release.ts'
import { aGeneration } from '../../../test/support/values.ts'

const FILES = ['daily.cvd', 'main.cvd', 'manifest.json', 'timestamp']

interface TwoMasters extends AsyncDisposable {
  readonly folder: string
  /** A copy of the other master's public tree, as it is after a pull. */
  staged(): Promise<string>
  open(onStep?: (step: string) => void): Promise<ReleaseFolder>
  readonly theirs: ReleaseFolder
}

/** One master at release 2, the other at release 3. */
async function twoMasters(): Promise<TwoMasters> {
  const base = await mkdtempDisposable(join(tmpdir(), 'cvdnet-adopt-'))
  const [ours, other] = [join(base.path, 'ours'), join(base.path, 'other')]
  await publishRelease(ours, 2)
  const theirs = await publishRelease(other, 3)
  let copies = 0
  return {
    folder: ours,
    theirs,
    async staged() {
      copies += 1
      const folder = join(base.path, `staged-${copies}`)
      await cp(join(theirs.published?.folder ?? ''), folder, { recursive: true })
      return folder
    },
    open: (onStep = () => {}) =>
      ReleaseFolder.open({ folder: ours, signer: plainSigner, kept: 3, onStep }),
    [Symbol.asyncDispose]: () => base.remove(),
  }
}

async function adopt(into: ReleaseFolder, { theirs }: TwoMasters, staged: string): Promise<void> {
  assert.ok(theirs.published)
  await into.adopt(theirs.published.release, theirs.published.generation, staged)
}

async function assertSame(folder: string, other: string): Promise<void> {
  assert.deepEqual((await readdir(folder)).sort(), FILES)
  for (const file of FILES) {
    assert.deepEqual(await readFile(join(folder, file)), await readFile(join(other, file)), file)
  }
}

test('R106: a tree of another master becomes public as it is, manifest and pointers included', async () => {
  await using masters = await twoMasters()
  const ours = await masters.open()
  await adopt(ours, masters, await masters.staged())
  await assertSame(join(masters.folder, 'current'), masters.theirs.published?.folder ?? '')
  const reopened = await masters.open()
  assert.deepEqual(reopened.published?.release, masters.theirs.published?.release)
})

test('an adoption that ends at any step leaves the old tree or the new one, and can be done again', async () => {
  await using whole = await twoMasters()
  const steps: string[] = []
  await adopt(await whole.open((step) => steps.push(step)), whole, await whole.staged())
  assert.ok(steps.includes('pointers taken over'), steps.join())
  for (const stop of new Set(steps)) {
    await using masters = await twoMasters()
    const cut = await masters.open((step) => {
      if (step === stop) throw new Error('cut')
    })
    await assert.rejects(adopt(cut, masters, await masters.staged()), /cut/, stop)
    const again = await masters.open()
    const serial = again.published?.release.serial
    assert.equal(serial, stop === 'current switched' || stop === 'old releases swept' ? 3 : 2, stop)
    if (serial === 2) await adopt(again, masters, await masters.staged())
    await assertSame(join(masters.folder, 'current'), masters.theirs.published?.folder ?? '')
  }
})

test('an older tree is not adopted (R105)', async () => {
  await using masters = await twoMasters()
  const ours = await masters.open()
  const old = ours.published
  assert.ok(old)
  const staged = await masters.staged()
  await adopt(ours, masters, staged)
  await assert.rejects(ours.adopt(old.release, aGeneration(4), staged), /Cannot publish serial 2/)
})
