import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { publicKeys } from '#formats/dsig/index.ts'
import { layout } from '../../dev/demo/layout.ts'
import { type TestNetwork, testNetwork } from '../support/network.ts'
import { writeOwnDatabase } from '../support/own-database.ts'
import { makeOwnKeyClamav, ownKeyClamavMissing } from '../support/own-key-clamav.ts'
import { run, without } from '../support/run.ts'

/** A publisher whose secrets the master holds: he uploads databases, and the master makes the patches. */
const skip = without('ssh', 'rsync')

const line = (number: number) => `Test.Pest-${number}:0:*:deadbeef${number + 1000}\n`
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => line(from + at)).join('')

async function testCvd(network: TestNetwork, version: number, ndb: string): Promise<string> {
  const path = join(network.folder, `test-${version}`, 'test.cvd')
  const how = { name: 'test', version, members: { ndb } }
  return await writeOwnDatabase(path, network.keys.publisher, how)
}

async function fetched(network: TestNetwork, file: string): Promise<Buffer | number> {
  const [mirror] = network.json.mirrors
  const answer = await fetch(`http://${mirror?.host}:${mirror?.httpPort}/${file}`)
  const body = Buffer.from(await answer.arrayBuffer())
  return answer.ok ? body : answer.status
}

test('a release from one version to the next has its patch, and freshclam updates by it alone', {
  skip: skip || without('freshclam', 'sigtool') || (ownKeyClamavMissing() ?? false),
}, async () => {
  await using network = await testNetwork(1)
  const own = makeOwnKeyClamav(join(network.folder, 'own'), publicKeys(network.keys.publisher))
  const client = join(network.folder, 'client')
  await mkdir(client)
  const [mirror] = network.json.mirrors
  const conf = join(network.folder, 'freshclam.conf')
  const owner = process.getuid?.() === 0 ? 'DatabaseOwner root\n' : ''
  const url = `http://${mirror?.host}:${mirror?.httpPort}`
  await writeFile(
    conf,
    `${owner}DatabaseDirectory ${client}\nDatabaseMirror ${url}\nMaxAttempts 1\n`,
  )
  const update = async () => {
    const args = ['--no-dns', '--stdout', `--config-file=${conf}`, '--update-db=test']
    const end = await run('freshclam', args, { env: own.env })
    assert.equal(end.status, 0, end.all)
    return end.all
  }
  await network.release([await testCvd(network, 1, lines(0, 300))])
  assert.match(await update(), /test\.cvd updated \(version: 1/)
  const second = await testCvd(network, 2, lines(3, 300) + line(999))
  const said = await network.release([second])
  assert.match(said, /test-2\.cdiff: made here, \d+ bytes/)
  assert.match(said, /test 2: 1 added, 3 dropped, 0 changed\./)
  assert.match(said, /pattern signatures dropped: 3 \(Test\.Pest-0, /)
  assert.match(await update(), /test\.cld updated \(version: 2/)
  // Of the whole file it would have made a `.cvd` again.
  const databases = (await readdir(client)).filter((file) => file.startsWith('test'))
  assert.deepEqual(databases, ['test.cld'])
  const patch = await fetched(network, 'test-2.cdiff')
  assert.ok(typeof patch !== 'number' && patch.byteLength < 1200, `${patch}`)
  const info = await run(own.sigtool, ['--info', join(client, 'test.cld')], { env: own.env })
  assert.match(info.out, /Version: 2\n/)
})

test('what a patch changed stands in the journal', { skip }, async () => {
  await using network = await testNetwork(1)
  for (const version of [1, 2]) {
    await network.release([await testCvd(network, version, lines(0, 20 + version))])
  }
  const journal = await readFile(
    join(layout(network.folder).master('rsync1'), 'journal.jsonl'),
    'utf8',
  )
  const released = journal
    .split('\n')
    .filter((entry) => entry.includes('"published"'))
    .map((entry) => JSON.parse(entry).why)
  assert.equal(released.length, 2)
  assert.ok(released[1].includes('test 2: 1 added, 0 dropped, 0 changed.'), released[1].join())
  assert.ok(released[1].includes('pattern signatures added: 1 (Test.Pest-21)'), released[1].join())
})

test('patches are kept from release to release; a version that was left out has none, and that is told', {
  skip,
}, async () => {
  await using network = await testNetwork(1)
  for (const version of [1, 2, 3]) {
    await network.release([await testCvd(network, version, lines(0, 20 + version))])
  }
  const said = await network.release([await testCvd(network, 5, lines(0, 25))])
  assert.match(
    said,
    /test-5\.cdiff: not made; published is version 3, and a patch leads one version further\. Clients will fetch test\.cvd whole/,
  )
  for (const file of ['test-2.cdiff', 'test-3.cdiff']) {
    assert.ok(typeof (await fetched(network, file)) !== 'number', file)
  }
  assert.equal(await fetched(network, 'test-5.cdiff'), 404)
})

test('a change that no patch can say is told, and the whole is published', { skip }, async () => {
  await using network = await testNetwork(1)
  await network.release([await testCvd(network, 1, lines(0, 20))])
  const said = await network.release([await testCvd(network, 2, lines(0, 20).trimEnd())])
  assert.match(said, /test-2\.cdiff: not made; .*test\.ndb/)
  assert.match(said, /accepted: test 2/)
})

test('a publisher who always ships patches is held to it, unless the master makes them', {
  skip,
}, async () => {
  await using network = await testNetwork(1, {
    publishers: (own) => [{ keys: publicKeys(own), always: ['patch'] }],
  })
  await network.release([await testCvd(network, 1, lines(0, 20))])
  await network.upload([await testCvd(network, 2, lines(0, 21))])
  const refused = await network.trigger()
  assert.equal(refused.status, 1, refused.all)
  assert.match(
    refused.err,
    /test\.cvd: comes without test-2\.cdiff, and its publisher always ships/,
  )
  assert.equal(await fetched(network, 'test-2.cdiff'), 404)
})

test('where the master makes them, only what it cannot make is refused to such a publisher', {
  skip,
}, async () => {
  await using network = await testNetwork(1, {
    publishers: (own) => [{ keys: publicKeys(own), secrets: own, always: ['patch'] }],
  })
  await network.release([await testCvd(network, 1, lines(0, 20))])
  await network.release([await testCvd(network, 2, lines(0, 21))])
  await network.upload([await testCvd(network, 4, lines(0, 23))])
  const refused = await network.trigger()
  assert.equal(refused.status, 1, refused.all)
  assert.match(refused.err, /comes without test-3\.cdiff to test-4\.cdiff/)
  await network.upload([await testCvd(network, 3, lines(0, 22).trimEnd())])
  const unsayable = await network.trigger()
  assert.equal(unsayable.status, 1, unsayable.all)
  assert.match(unsayable.err, /comes without test-3\.cdiff/)
  await network.release([await testCvd(network, 3, lines(0, 22))])
})
