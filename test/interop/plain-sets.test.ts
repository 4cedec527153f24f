import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type TestNetwork, testNetwork } from '../support/network.ts'
import { run, without } from '../support/run.ts'

const skip = without('ssh', 'ssh-keygen', 'rsync', 'freshclam', 'clamscan')

/** What a third-party publisher does by hand (decision 1b): lists its files, signs the list, uploads all of it. */
async function makeSet(
  network: TestNetwork,
  version: number,
  files: Readonly<Record<string, string>>,
  identity = network.json.sigmaker.identity,
): Promise<readonly string[]> {
  const folder = join(network.folder, `acme-${version}`)
  await mkdir(folder, { recursive: true })
  const lines = ['cvdnet-set 1', 'name: acme', `version: ${version}`]
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, name), text)
    lines.push(`${createHash('sha256').update(text).digest('hex')}  ${name}`)
  }
  const set = join(folder, 'acme.set')
  await writeFile(set, `${lines.join('\n')}\n`)
  const signed = await run('ssh-keygen', ['-Y', 'sign', '-n', 'cvdnet-set', '-f', identity, set])
  assert.equal(signed.status, 0, signed.all)
  return [set, `${set}.sig`, ...Object.keys(files).map((name) => join(folder, name))]
}

/** A signature that finds this very text, by its hexadecimal form. */
const ndb = (name: string, text: string) => `${name}:0:*:${Buffer.from(text).toString('hex')}\n`

test('a third party’s plain signatures reach a stock freshclam and are found by its engine', {
  skip,
}, async () => {
  await using network = await testNetwork()
  await network.release(await makeSet(network, 1, { 'acme.ndb': ndb('Acme.One', 'first pest') }))
  const [mirror] = network.json.mirrors
  assert.ok(mirror)
  const folder = join(network.folder, 'client')
  await mkdir(folder)
  const conf = join(network.folder, 'client.conf')
  const owner = process.getuid?.() === 0 ? 'DatabaseOwner root\n' : ''
  const url = `http://${mirror.host}:${mirror.httpPort}/acme.ndb`
  await writeFile(
    conf,
    `${owner}DatabaseDirectory ${folder}\nDatabaseMirror http://127.0.0.1:1\nDatabaseCustomURL ${url}\n`,
  )
  const update = () =>
    run('freshclam', ['--no-dns', '--stdout', `--config-file=${conf}`, '--update-db=custom'])
  const pest = join(network.folder, 'pest')
  const scan = async (text: string) => {
    await writeFile(pest, text)
    return run('clamscan', ['--no-summary', `--database=${join(folder, 'acme.ndb')}`, pest])
  }
  const first = await update()
  assert.equal(first.status, 0, first.all)
  assert.match((await scan('the first pest is here')).out, /Acme\.One\.UNOFFICIAL FOUND/)

  // formats.md 5.7: freshclam asks with the time of its last download. What is newly published here must be dated
  // by its publication, or this client would be told "not modified" for ever.
  await new Promise((resolve) => setTimeout(resolve, 1100))
  const { mtimeMs } = await stat(join(folder, 'acme.ndb'))
  await network.release(await makeSet(network, 2, { 'acme.ndb': ndb('Acme.Two', 'second pest') }))
  const answer = await fetch(url, { method: 'HEAD' })
  assert.ok(Date.parse(answer.headers.get('last-modified') ?? '') > mtimeMs - 1000)
  const second = await update()
  assert.equal(second.status, 0, second.all)
  assert.match((await scan('the second pest is here')).out, /Acme\.Two\.UNOFFICIAL FOUND/)
  const third = await update()
  assert.match(third.all, /up-to-date/)
})

test('a set that was tampered with, or is not newer, is refused with its reason', {
  skip,
}, async () => {
  await using network = await testNetwork(1)
  const good = await makeSet(network, 5, { 'acme.hdb': `${'0'.repeat(32)}:10:Acme.Hash\n` })
  await network.release(good)
  const refused = async (files: readonly string[], reason: RegExp) => {
    await network.upload(files)
    const { status, err } = await network.trigger()
    assert.equal(status, 1, err)
    assert.match(err, reason)
  }
  const text = { 'acme.hdb': `${'1'.repeat(32)}:10:Acme.Hash\n` }
  await refused(
    await makeSet(network, 4, text),
    /acme\.set: version 4 is not above the published version 5/,
  )
  const six = await makeSet(network, 6, text)
  const set = six[0] ?? ''
  const original = await readFile(set, 'utf8')
  await writeFile(set, original.replace('version: 6', 'version: 7'))
  await refused(six, /acme\.set: its signature does not hold/)
  await writeFile(set, original)
  await writeFile(six[2] ?? '', `${'2'.repeat(32)}:10:Acme.Hash\n`)
  await refused(six, /acme\.set: lists another SHA-256 for acme\.hdb/)
  await refused(
    six.filter((file) => !file.endsWith('.sig')),
    /acme\.set: its signature is missing/,
  )
  const broken = await makeSet(network, 8, { 'acme.hdb': 'not a hash\n' })
  await refused(broken, /acme\.hdb: line 1/)
})
