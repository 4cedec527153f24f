import assert from 'node:assert/strict'
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DiskError } from '#adapters/disk/index.ts'
import { realData, without, withoutRealData } from '../../../test/support/run.ts'
import { describeTrial, type EngineTrial, type TrialOptions, tryInEngine } from './index.ts'

const skip = without('clamscan')

async function trial(
  name: string,
  content: string | Uint8Array,
  options: Partial<TrialOptions> = {},
): Promise<EngineTrial> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-trial-'))
  const path = join(folder.path, name)
  await writeFile(path, content)
  return await tryInEngine(path, { signal: new AbortController().signal, ...options })
}

const GOOD = `Own:0:*:${Buffer.from('a signature').toString('hex')}\n`
const LOADS: readonly (readonly [string, string])[] = [
  ['own.ndb', GOOD],
  ['own set %s.ndb', GOOD],
  ['own.ign2', 'Own\n'],
  ['own.yar', 'rule own { strings: $a = "a signature" condition: $a }\n'],
]
for (const [name, content] of LOADS) {
  test(`the engine loads a good ${name}`, { skip }, async () => {
    assert.deepEqual(await trial(name, content), { kind: 'loads', words: '' })
  })
}

const REFUSED: readonly (readonly [string, string, string, RegExp])[] = [
  ['a bad line', 'own.ndb', `${GOOD}Bad:0:*:zz\n`, /line 2; .*Malformed database/],
  ['nothing in it', 'own.ndb', '', /Empty database file/],
  ['a bad line for unwanted programs', 'own.ndu', 'Bad:0:*:zz\n', /line 1/],
  ['an extension that it does not know', 'own.txt', GOOD, /unknown extension/],
  ['a header and no more', 'own.cvd', 'ClamAV-VDB:', /own\.cvd/],
]
for (const [situation, name, content, words] of REFUSED) {
  test(`the engine refuses ${situation}, and its words are kept`, { skip }, async () => {
    const tried = await trial(name, content)
    assert.equal(tried.kind, 'refused', describeTrial(tried))
    assert.match(describeTrial(tried), words)
  })
}

test('rules that the engine passes over are told', { skip }, async () => {
  const rules = 'rule a { strings: $a = "aaabbb" condition: $a }\nrule b { condition: nope }\n'
  const tried = await trial('own.yar', rules)
  assert.equal(tried.kind, 'loads')
  assert.match(describeTrial(tried), /failed to parse or load 1 yara rules/)
})

test('the engine loads ClamAV’s own databases, and refuses what is cut or changed', {
  skip: skip || withoutRealData(),
}, async () => {
  for (const name of ['test-1', 'test-5', 'bytecode']) {
    const whole = await readFile(realData(`clamav/${name}.cvd`))
    assert.deepEqual(await trial('test.cvd', whole), { kind: 'loads', words: '' })
    const changed = Buffer.from(whole)
    changed[whole.byteLength - 100] = (whole[whole.byteLength - 100] ?? 0) ^ 1
    for (const bytes of [whole.subarray(0, whole.byteLength - 1), changed]) {
      const tried = await trial('test.cvd', bytes)
      assert.equal(tried.kind, 'refused', name)
      assert.match(describeTrial(tried), /Can't verify database integrity/)
    }
  }
})

test('without clamscan nothing is known', async () => {
  const tried = await trial('own.ndb', GOOD, { searchPath: '/nonexistent' })
  assert.deepEqual(tried, { kind: 'not-tried', reason: 'ENOENT' })
  assert.match(describeTrial(tried), /not tried/)
})

test('an engine that has no time is broken off', { skip }, async () => {
  const tried = await trial('own.ndb', GOOD, { msMax: 1 })
  assert.deepEqual(tried, { kind: 'broken-off', end: { kind: 'timed-out', msMax: 1 } })
  assert.match(describeTrial(tried), /not loaded it after 0\.001 seconds/)
})

// The real one neither crashes at will nor, before 1.5, says which certificates it reads.
test('an engine that crashes is told, and which certificates it is given', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-trial-'))
  const program = join(folder.path, 'clamscan')
  const options = { searchPath: `${folder.path}:/usr/bin:/bin`, certificates: '/etc/own-certs' }
  await writeFile(program, '#!/bin/sh\necho "$CVD_CERTS_DIR"; exit 2\n', { mode: 0o755 })
  const said = await trial('own.ndb', GOOD, options)
  assert.deepEqual(said, { kind: 'refused', words: '/etc/own-certs' })
  await writeFile(program, '#!/bin/sh\nkill -SEGV $$\n')
  const tried = await trial('own.ndb', GOOD, options)
  assert.match(describeTrial(tried), /ended by SIGSEGV/)
})

test('a file that is not there is the disk’s matter', async () => {
  const signal = new AbortController().signal
  await assert.rejects(tryInEngine('/nonexistent/own.ndb', { signal }), DiskError)
})
