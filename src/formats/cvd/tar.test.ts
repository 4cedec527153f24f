import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { printTarHeader, tarPadding } from './tar-header.ts'
import { TarReader } from './tar-reader.ts'

interface Read {
  readonly members: readonly { readonly name: string; readonly text: string }[]
  readonly faults: readonly string[]
}

function read(tar: Uint8Array, piece = 1000): Read {
  const reader = new TarReader()
  const members: { name: string; text: string }[] = []
  const faults: string[] = []
  for (let at = 0; at < tar.byteLength; at += piece) {
    for (const event of reader.push(tar.subarray(at, at + piece))) {
      const last = members.at(-1)
      if (event.kind === 'member') members.push({ name: event.header.name, text: '' })
      else if (event.kind === 'data' && last !== undefined) {
        last.text += Buffer.from(event.bytes).toString('latin1')
      } else if (event.kind === 'fault') faults.push(event.fault.kind)
    }
  }
  const end = reader.end()
  return { members, faults: end === undefined ? faults : [...faults, end.kind] }
}

function pack(name: string, text: string): Buffer {
  const bytes = text.length
  return Buffer.concat([
    printTarHeader({ name, bytes }),
    Buffer.from(text),
    new Uint8Array(tarPadding(bytes)),
  ])
}

const TWO = Buffer.concat([pack('COPYING', 'free'), pack('a.ndb', 'x'.repeat(513))])

/** Changes bytes of the first header and puts its checksum right again. */
function patched(...changes: readonly (readonly [at: number, bytes: string])[]): Buffer {
  const tar = Buffer.from(TWO)
  for (const [at, bytes] of changes) tar.write(bytes, at, 'latin1')
  tar.fill(' ', 148, 156)
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return tar
}

test('members are read without end blocks, as sigtool leaves them', () => {
  assert.deepEqual(read(TWO), {
    members: [
      { name: 'COPYING', text: 'free' },
      { name: 'a.ndb', text: 'x'.repeat(513) },
    ],
    faults: [],
  })
})

test('a header is refused with the reason', () => {
  const first = (tar: Uint8Array) => read(tar).faults[0] ?? 'good'
  assert.equal(first(Buffer.from(TWO).fill('D', 0, 1)), 'tar-bad-checksum')
  assert.equal(first(patched([156, '5'])), 'tar-bad-type')
  assert.equal(first(patched([156, '2'])), 'tar-bad-type')
  assert.equal(first(patched([156, '0'])), 'good')
  assert.equal(first(patched([124, '9'])), 'tar-bad-size')
  assert.equal(first(patched([124, '\0'])), 'tar-bad-size')
  assert.equal(first(patched([124, '77777777777'])), 'tar-truncated')
  assert.equal(first(TWO.subarray(0, -1)), 'tar-truncated')
  assert.equal(first(TWO.subarray(0, 700)), 'tar-truncated')
  assert.equal(first(TWO.subarray(0, 100)), 'tar-truncated')
})

test('a folder in a POSIX header shows in the name', () => {
  assert.equal(read(patched([345, 'etc'])).members[0]?.name, 'COPYING')
  assert.equal(read(patched([345, 'etc'], [257, 'ustar\0'])).members[0]?.name, 'etc/COPYING')
})

test('nothing can hide in padding or behind the end', () => {
  const padding = Buffer.from(TWO)
  padding[600] = 1
  assert.deepEqual(read(padding).faults, ['tar-padding-not-zero'])
  const zeros = (count: number) => Buffer.concat([TWO, new Uint8Array(count)])
  assert.deepEqual(read(zeros(1024)).faults, [])
  assert.deepEqual(read(zeros(20 * 512)).faults, [])
  assert.deepEqual(read(zeros(20 * 512 + 1)).faults, ['tar-bytes-after-end'])
  const behind = zeros(2048)
  behind[behind.length - 1] = 1
  assert.deepEqual(read(behind).faults, ['tar-bytes-after-end'])
})

const tarMissing = spawnSync('tar', ['--version']).status !== 0 ? 'tar is not installed' : false

test('what GNU tar wrote in 2003 is read, end blocks and all', { skip: tarMissing }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'cvdnet-tar-'))
  try {
    writeFileSync(join(folder, 'COPYING'), 'free')
    writeFileSync(join(folder, 'viruses.db'), 'Test=00\n'.repeat(200))
    const files = ['COPYING', 'viruses.db']
    for (const format of ['v7', 'oldgnu', 'gnu', 'ustar']) {
      const made = spawnSync('tar', ['-C', folder, `--format=${format}`, '-cf', '-', ...files])
      const { members, faults } = read(made.stdout)
      assert.deepEqual(faults, [], format)
      assert.deepEqual(
        members.map(({ name }) => name),
        files,
      )
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('law: it does not matter how the bytes are cut into pieces', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1500 }), (piece) => {
      assert.deepEqual(read(TWO, piece), read(TWO))
    }),
  )
})

test('law: no bytes make the reader throw', () => {
  const nearly = fc
    .array(fc.tuple(fc.nat(TWO.length - 1), fc.nat(255)), { maxLength: 5 })
    .map((changes) => {
      const tar = Buffer.from(TWO)
      for (const [at, byte] of changes) tar[at] = byte
      return tar
    })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 2000 }), nearly), (bytes) => {
      read(bytes)
    }),
  )
})
