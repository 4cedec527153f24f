/** A release of a large database reaches a mirror as patch and header: the bytes are the master's, and did not travel. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseHeader } from '#formats/cvd/index.ts'
import { asText, contentOf, secondsOf, sync, synced } from '../support/mirror-sync.ts'
import { database, type Files, type MirrorWorld, mirrorWorld } from '../support/mirror-world.ts'
import { type TestNetwork, testNetwork } from '../support/network.ts'
import { linesOf, patchedFiles } from '../support/patched-versions.ts'
import { realData, without, withoutRealData } from '../support/run.ts'
import { Wire } from '../support/wire.ts'

/** They pack to some 400 KB: more than what a mirror makes again by default. */
const LINES = 20_000
/** Guess: metadata of TUF, `timestamp`, the listing, and what rsync says to itself. */
const POINTERS_BYTES_MAX = 24 * 1024

async function wired(it: MirrorWorld): Promise<Wire> {
  const wire = await Wire.before({ host: '127.0.0.1', port: it.rsyncPort })
  await it.writeConf({ MASTERS: `rsync1=127.0.0.1:${wire.port}` })
  return wire
}

function bytesOf(content: string | Uint8Array | undefined): number {
  return Buffer.from(content ?? '').byteLength
}

function builtAt(files: Files): number {
  const header = parseHeader(Buffer.from(files['daily.cvd.header'] ?? ''), 'strict')
  assert.ok(header.ok)
  return header.value.builtAt
}

test('a release of one version travels as patch and header, in one pull', async () => {
  await using it = await mirrorWorld()
  await using wire = await wired(it)
  await it.publish(1, await patchedFiles(it, 1, { lines: LINES, patches: 1 }))
  await synced(it)
  const files = await patchedFiles(it, 2, { lines: LINES, patches: 1 })
  await it.publish(2, files)
  wire.take()
  const end = await synced(it)
  const went = wire.take()
  const small = bytesOf(files['daily-2.cdiff']) + bytesOf(files['daily.cvd.header'])
  assert.deepEqual(await contentOf(it.docroot), asText(files))
  assert.equal(went.connections, 1)
  assert.ok(went.bytes < 1.2 * small + POINTERS_BYTES_MAX, `${went.bytes} bytes for ${small}`)
  assert.ok(went.bytes < bytesOf(files['daily.cvd']) / 4, `${went.bytes} bytes`)
  const [rebuild] = end.rebuilds
  assert.deepEqual(rebuild?.end, { kind: 'rebuilt', from: 1, patches: 1 })
  assert.equal(await secondsOf(join(it.docroot, 'daily.cvd')), builtAt(files))
  const journal = await readFile(join(it.state, 'journal.jsonl'), 'utf8')
  assert.match(
    journal,
    /daily\.cvd was made of version 1 and a patch; its \d+ bytes did not travel/,
  )
})

test('a mirror that missed releases takes all of their patches', async () => {
  await using it = await mirrorWorld()
  await using wire = await wired(it)
  await it.publish(1, await patchedFiles(it, 1, { lines: LINES, patches: 1 }))
  await synced(it)
  const files = await patchedFiles(it, 4, { lines: LINES, patches: 3 })
  await it.publish(4, files)
  wire.take()
  const [rebuild] = (await synced(it)).rebuilds
  assert.deepEqual(rebuild?.end, { kind: 'rebuilt', from: 1, patches: 3 })
  assert.deepEqual(await contentOf(it.docroot), asText(files))
  assert.ok(wire.bytes < bytesOf(files['daily.cvd']) / 2, `${wire.bytes} bytes`)
})

test('a mirror that is told not to fetches it whole, in one pull', async () => {
  await using it = await mirrorWorld()
  await using wire = await wired(it)
  await it.publish(1, await patchedFiles(it, 1, { lines: LINES, patches: 1 }))
  await synced(it)
  const files = await patchedFiles(it, 2, { lines: LINES, patches: 1 })
  await it.publish(2, files)
  wire.take()
  assert.deepEqual((await synced(it, { rebuild: false })).rebuilds, [])
  assert.deepEqual(await contentOf(it.docroot), asText(files))
  const { bytes, connections } = wire.take()
  assert.equal(connections, 1)
  assert.ok(bytes > bytesOf(files['daily.cvd']) / 2, `${bytes} bytes`)
})

test('new pointers beside the same database are one pull, and it is neither sent nor read', async () => {
  await using it = await mirrorWorld()
  await using wire = await wired(it)
  const files = await patchedFiles(it, 2, { lines: LINES, patches: 1 })
  await it.publish(1, files)
  await synced(it)
  await it.publish(2, { ...files, timestamp: 'generation 2\n' })
  wire.take()
  const steps: string[] = []
  const end = await synced(it, { onStep: (step) => steps.push(step) })
  const { bytes, connections } = wire.take()
  assert.deepEqual([end.changed, connections], [true, 1])
  assert.ok(steps.includes('linked:daily.cvd'))
  assert.ok(bytes < POINTERS_BYTES_MAX + bytesOf(files['daily-2.cdiff']), `${bytes} bytes`)
  const inodes = await Promise.all(['1', '2'].map((tree) => inodeOf(it, tree)))
  assert.equal(inodes[0], inodes[1])
})

async function inodeOf(it: MirrorWorld, tree: string): Promise<number> {
  return (await stat(join(it.state, 'trees', tree, 'daily.cvd'))).ino
}

test('rsync has nothing left to send afterwards, whoever asks it', async () => {
  await using it = await mirrorWorld()
  await it.publish(1, await patchedFiles(it, 1, { lines: LINES, patches: 1 }))
  await synced(it)
  const files = await patchedFiles(it, 2, { lines: LINES, patches: 1 })
  // A master dates a database by its build.
  const dated = (tree: string) => utimes(join(tree, 'daily.cvd'), builtAt(files), builtAt(files))
  await it.publish(2, files, { spoil: dated })
  assert.equal((await synced(it)).rebuilds[0]?.end.kind, 'rebuilt')
  await it.publish(3, { ...files, timestamp: 'generation 3\n' }, { spoil: dated })
  const { said } = await sync(it, { rebuild: false })
  assert.match(said, /^ {2}timestamp$/m)
  assert.doesNotMatch(said, /^ {2}daily\.cvd$/m)
})

test('through the real master: from the second patch on, a release reaches the mirror without its bytes', {
  skip: without('ssh', 'rsync'),
}, async () => {
  await using network = await testNetwork(1)
  const { publisher: secrets } = network.keys
  const daily = (version: number, text = '') => database(secrets, 'daily', version, text)
  const { journal, docroot } = placesOf(network)
  for (const version of [1, 2, 3]) {
    const made = await patchedFiles({ cvd: (_name, ...rest) => daily(...rest), secrets }, version, {
      lines: LINES,
      patches: version > 1 ? 1 : 0,
    })
    const files: string[] = []
    for (const [path, content] of Object.entries(made)) {
      if (!/\.(?:cvd|cdiff)$/.test(path)) continue
      files.push(join(network.folder, path))
      await writeFile(join(network.folder, path), content)
    }
    await network.release(files)
    const shown = await readFile(join(docroot, 'daily.cvd'))
    assert.deepEqual(shown, Buffer.from(made['daily.cvd'] ?? ''))
  }
  const header = await readFile(join(docroot, 'daily.cvd.header'))
  assert.deepEqual(header, Buffer.from(daily(3, linesOf(LINES, 3)).subarray(0, 512)))
  const told = (await readFile(journal, 'utf8')).match(/daily\.cvd (?:was made|came)[^"]*/g)
  assert.equal(told?.length, 1)
  assert.match(told[0], /daily\.cvd was made of version 2 and a patch/)
})

function placesOf({ json }: TestNetwork) {
  const [mirror] = json.mirrors
  assert.ok(mirror)
  const state = /^STATE='(.*)'$/m.exec(readFileSync(mirror.conf, 'utf8'))?.[1]
  return { docroot: mirror.docroot, journal: join(state ?? '', 'journal.jsonl') }
}

for (const [from, to] of [
  [1, 2],
  [1, 5],
] as const) {
  test(`ClamAV's own test database ${from} becomes ${to}, byte for byte`, {
    skip: withoutRealData(),
  }, async () => {
    await using it = await mirrorWorld()
    const cvd = (version: number) => readFile(realData(`clamav/test-${version}.cvd`))
    await it.publish(1, { 'test.cvd': await cvd(from), 'test-1.cdiff': 'any' })
    await synced(it)
    const fresh = await cvd(to)
    const files: Record<string, Uint8Array> = {
      'test.cvd': fresh,
      'test.cvd.header': fresh.subarray(0, 512),
    }
    for (let version = from + 1; version <= to; version += 1) {
      files[`test-${version}.cdiff`] = await readFile(realData(`clamav/test-${version}.cdiff`))
    }
    await it.publish(2, files)
    const [rebuild] = (await synced(it, { rebuildBytesMin: 1 })).rebuilds
    assert.deepEqual(rebuild?.end, { kind: 'rebuilt', from, patches: to - from })
    assert.deepEqual(await contentOf(it.docroot), asText(files))
  })
}
