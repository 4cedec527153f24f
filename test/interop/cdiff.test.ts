import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempDisposableSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { applyPatchFile, DiskFolder, describePatchFileFault } from '#adapters/patches/index.ts'
import { applyScript, MemoryFolder, parseScript } from '#formats/cdiff/index.ts'
import { CLAMAV_KEYS } from '#formats/dsig/index.ts'

/** The judge: ClamAV's own `sigtool`, on ClamAV's own patches and on scripts that nobody ever wrote. */
const DATA = resolve('../shared/data/clamav')
const hasSigtool = spawnSync('sigtool', ['--version']).error === undefined
const skipData = existsSync(DATA) ? false : 'the real databases are not here'
const skipTool = hasSigtool ? false : 'sigtool is not installed'
const OPTIONS = { publishers: [CLAMAV_KEYS], signal: new AbortController().signal }

function sigtool(folder: string, ...args: readonly string[]) {
  return spawnSync('sigtool', args, { cwd: folder, encoding: 'utf8' })
}

function unpacked(version: number, folder: string): string {
  mkdirSync(folder)
  const end = sigtool(folder, `--unpack=${join(DATA, `test-${version}.cvd`)}`)
  assert.equal(end.status, 0, end.stderr)
  return folder
}

function content(folder: string): ReadonlyMap<string, string> {
  return new Map(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'latin1')]),
  )
}

test('four patches in turn lead from test-1 to test-5, byte for byte, beside sigtool', {
  skip: skipData || skipTool,
}, async () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'cdiff-'))
  const ours = unpacked(1, join(place.path, 'ours'))
  const theirs = unpacked(1, join(place.path, 'theirs'))
  for (const version of [2, 3, 4, 5]) {
    const patch = join(DATA, `test-${version}.cdiff`)
    const end = await applyPatchFile(patch, new DiskFolder(ours), OPTIONS)
    assert.ok(end.ok, end.ok ? '' : describePatchFileFault(end.fault))
    const judged = sigtool(theirs, `--run-cdiff=${patch}`)
    assert.equal(judged.status, 0, judged.stderr)
    assert.deepEqual(content(ours), content(theirs))
  }
  assert.deepEqual(content(ours), content(unpacked(5, join(place.path, 'wanted'))))
})

test('a patch that skips a version does not fit, to us and to sigtool', {
  skip: skipData || skipTool,
}, async () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'cdiff-'))
  const ours = unpacked(1, join(place.path, 'ours'))
  const end = await applyPatchFile(join(DATA, 'test-3.cdiff'), new DiskFolder(ours), OPTIONS)
  assert.ok(!end.ok && end.fault.kind === 'patch-does-not-fit')
  assert.deepEqual(end.fault.fault, { kind: 'pattern-differs', line: 5, file: 'test.info' })
  const judged = sigtool(ours, `--run-cdiff=${join(DATA, 'test-3.cdiff')}`)
  assert.match(judged.stderr, /[Pp]attern/)
})

test('every flipped byte of a real patch is caught', { skip: skipData }, async () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'cdiff-'))
  const bytes = readFileSync(join(DATA, 'test-2.cdiff'))
  const path = join(place.path, 'test-2.cdiff')
  for (let at = 0; at < bytes.length; at += 5) {
    const flipped = Buffer.from(bytes)
    flipped[at] = (flipped[at] ?? 0) ^ 0x01
    writeFileSync(path, flipped)
    const end = await applyPatchFile(path, new DiskFolder(place.path), OPTIONS)
    assert.ok(!end.ok && end.fault.kind === 'patch-refused', `byte ${at}`)
  }
})

const MEMBERS = {
  'a.ndb': 'one:a\ntwo:b\nthree:c\nfour\n',
  'b.ndb': 'x\n\n y\n',
  'c.ndb': 'no end',
}

test('law: what we apply, sigtool applies to the same bytes; what we refuse to apply, it refuses', {
  skip: skipTool,
}, async () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'cdiff-'))
  const file = fc.constantFrom('a.ndb', 'a.ndb', 'b.ndb', 'c.ndb', 'd.ndb')
  const line = fc.constantFrom(
    ...[
      'DEL 1 one',
      'DEL 1 x',
      'DEL 2 ',
      'DEL 2 two:b',
      'DEL 3 three more',
      'DEL 3 ',
      'DEL 9 ',
      'DEL 4 four',
    ],
    ...['XCHG 1 o 1', 'XCHG 2 t ', 'XCHG 3 three 3 3', 'XCHG 4 f \t', 'XCHG 2  y', 'XCHG 1 x :'],
    ...['ADD x', 'ADD ', 'ADD  y z', 'ADD z\r', '# c'],
  )
  const edited = fc
    .tuple(file, fc.array(line, { maxLength: 4 }))
    .map(([name, lines]) => [`OPEN ${name}`, ...lines, 'CLOSE'].join('\n'))
  const moved = fc
    .tuple(
      file,
      file,
      fc.constantFrom('1 one 2 two', '2 two 4 f', '1 o 3 three:c', '1 x 2 ', '3 t 5 '),
    )
    .filter(([from, to]) => from !== to)
    .map(([from, to, lines]) => `MOVE ${from} ${to} ${lines}`)
  const removed = file.map((name) => `UNLINK ${name}`)
  const scripts = fc.array(fc.oneof({ weight: 4, arbitrary: edited }, moved, removed), {
    minLength: 1,
    maxLength: 3,
  })
  const ends = { applied: 0, refused: 0 }
  for (const [index, blocks] of fc.sample(scripts, { numRuns: 150, seed: 11 }).entries()) {
    const text = `${blocks.join('\n')}\n`
    const script = parseScript(Buffer.from(text))
    assert.ok(script.ok, text)
    const folder = join(place.path, String(index))
    mkdirSync(folder)
    for (const [name, body] of Object.entries(MEMBERS)) writeFileSync(join(folder, name), body)
    const members = new MemoryFolder(
      readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]),
      3,
    )
    const ours = await applyScript(script.value, members)
    writeFileSync(join(place.path, 'test-2.script'), text)
    cpSync(join(place.path, 'test-2.script'), join(folder, 'test-2.script'))
    const theirs = sigtool(folder, '--run-cdiff=test-2.script')
    const refused = / on line \d+/.exec(theirs.stderr)
    assert.equal(ours.ok, refused === null, `${text}${theirs.stderr}`)
    if (ours.ok) {
      const result = new Map(content(folder))
      result.delete('test-2.script')
      assert.deepEqual(
        new Map(
          [...members.members]
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, bytes]) => [name, Buffer.from(bytes).toString('latin1')]),
        ),
        result,
        text,
      )
    }
    ends[ours.ok ? 'applied' : 'refused'] += 1
  }
  assert.ok(ends.applied > 20 && ends.refused > 20, JSON.stringify(ends))
})
