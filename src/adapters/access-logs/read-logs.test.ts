import assert from 'node:assert/strict'
import { appendFile, mkdtempDisposable, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { LogCursor } from '#core/statistics/index.ts'
import { readLogs } from './read-logs.ts'

const signal = AbortSignal.timeout(30_000)

async function world() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-logs-'))
  const path = join(folder.path, 'access.log')
  let cursors: readonly LogCursor[] = []
  const faults: string[] = []
  const read = async () => {
    const lines: string[] = []
    cursors = await readLogs({
      paths: [path],
      mayBeMissing: true,
      cursors,
      onLine: (line) => lines.push(line),
      onFault: (line) => faults.push(line),
      signal,
    })
    return lines
  }
  return { path, read, faults, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

test('each line is read once while a log grows, is renamed, compressed and followed by the next', async () => {
  await using it = await world()
  assert.deepEqual(await it.read(), [])
  await writeFile(it.path, 'one\ntwo\nthr')
  assert.deepEqual(await it.read(), ['one', 'two'])
  await appendFile(it.path, 'ee\n')
  assert.deepEqual(await it.read(), ['three'])
  assert.deepEqual(await it.read(), [])
  await rename(it.path, `${it.path}.1`)
  await appendFile(`${it.path}.1`, 'late\n')
  await writeFile(it.path, 'next\n')
  assert.deepEqual(await it.read(), ['late', 'next'])
  await appendFile(`${it.path}.1`, 'later\n')
  await writeFile(`${it.path}.2.gz`, gzipSync(await readFile(`${it.path}.1`)))
  await rm(`${it.path}.1`)
  assert.deepEqual(await it.read(), ['later'])
  assert.deepEqual(await it.read(), [])
  assert.deepEqual(it.faults, [])
})

test('old compressed logs are found at the start, dated ones too, and others are not', async () => {
  await using it = await world()
  await writeFile(`${it.path}-20261123.gz`, gzipSync('dated\n'))
  await writeFile(`${it.path}.2.gz`, gzipSync('packed\n'))
  await writeFile(`${it.path}.bak`, 'no log\n')
  await writeFile(it.path, 'now\n')
  assert.deepEqual((await it.read()).toSorted(), ['dated', 'now', 'packed'])
})

test('a log that is cut off or broken is told, and the others are read', async () => {
  await using it = await world()
  await writeFile(`${it.path}.2.gz`, gzipSync(Buffer.alloc(200_000, 'x\n')).subarray(0, 60))
  await writeFile(it.path, 'now\n')
  assert.ok((await it.read()).includes('now'))
  assert.match(it.faults[0] ?? '', /log ".*\.2\.gz"/)
})

test('a line without an end is passed over', async () => {
  await using it = await world()
  await writeFile(it.path, `first\n${'x'.repeat(3_000_000)}\nlast\n`)
  assert.deepEqual(await it.read(), ['first', 'last'])
})
