import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { copyFile, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { unpackFile } from '#adapters/databases/index.ts'
import { diffFolders } from '#adapters/patches/index.ts'
import { verifiersOf } from '#core/databases/index.ts'
import { printCdiff } from '#formats/cdiff/index.ts'
import { printPublisherKeys, publicKeys, signMd5 } from '#formats/dsig/index.ts'
import { releaseFiles, synced } from '../support/mirror-sync.ts'
import { mirrorWorld } from '../support/mirror-world.ts'
import { type TestNetwork, testNetwork } from '../support/network.ts'
import { writeOwnDatabase } from '../support/own-database.ts'
import {
  makeOwnKeyClamav,
  type OwnKeyClamav,
  ownKeyClamavMissing,
} from '../support/own-key-clamav.ts'
import { run, without } from '../support/run.ts'
import { type SignatureShape, signShaped, withMd5 } from '../support/sign-by-hand.ts'
import { aVersion } from '../support/values.ts'

/**
 * Engines 1.1 to 1.4 lose zero bytes at the head of a signed number (formats.md 9, trap 3). What the gate says of such
 * files is what ClamAV's own programs say, and so it is for their neighbours that look much the same.
 */
const skip =
  without('ssh', 'rsync', 'clamscan', 'freshclam', 'sigtool') || (ownKeyClamavMissing() ?? false)

const { signal } = new AbortController()

type Head = SignatureShape['head']
const zero: Head = (byte) => byte === 0
const ordinary: Head = (byte) => byte >= 0x10
const one: Head = (byte) => byte === 1
/** Of 341 or 342 characters: a number whose own first byte is zero. */
const SHORT_CHARS = 340

const SAMPLE = 'a file that nobody else has\n'
const sampleLine = `${createHash('md5').update(SAMPLE).digest('hex')}:${SAMPLE.length}:Cvdnet.Test\n`
const members = (version: number) => ({
  hdb: `${sampleLine}${'0'.repeat(32)}:${version}:Test.Old\n`,
})

interface Case {
  readonly situation: string
  readonly info?: SignatureShape
  readonly md5?: Head
  readonly patch?: SignatureShape
  /** The gate's sentence; without it the file is accepted. */
  readonly refused?: RegExp
}

const CASES: readonly Case[] = [
  { situation: 'an ordinary one' },
  { situation: 'an .info message that begins with 01', info: { head: one } },
  {
    situation: 'an .info message that begins with 00',
    info: { head: zero },
    refused: /test\.cvd: .*list of members .*begins with 00.*1\.1 to 1\.4.*build it again/,
  },
  {
    situation: 'an .info signature that is a short number',
    info: { head: ordinary, charsMax: SHORT_CHARS },
  },
  { situation: 'an MD5 that begins with 01', md5: one },
  {
    situation: 'an MD5 that begins with 00',
    md5: zero,
    refused: /test\.cvd: the MD5 .* begins with 00.*1\.1 to 1\.4.*build it again/,
  },
  { situation: 'an ordinary one with an ordinary patch', patch: { head: ordinary } },
  { situation: 'a patch whose message begins with 01', patch: { head: one } },
  {
    situation: 'a patch whose message begins with 00',
    patch: { head: zero },
    refused: /test-\d+\.cdiff: .*message begins with 00.*1\.1 to 1\.4.*sign it again/,
  },
  { situation: 'a patch with a short signature', patch: { head: ordinary, charsMax: SHORT_CHARS } },
]

describe('the gate and the engines agree on signatures with zeros in front', { skip }, () => {
  let network: TestNetwork
  let own: OwnKeyClamav
  let published = 1
  const at = (...parts: readonly string[]) => join(network.folder, ...parts)

  before(async () => {
    network = await testNetwork(1, {
      publishers: (keys) => [{ keys: publicKeys(keys), always: [] }],
    })
    own = makeOwnKeyClamav(at('own'), publicKeys(network.keys.publisher))
    await writeFile(at('sample'), SAMPLE)
    await writeFile(at('public.keys'), printPublisherKeys(publicKeys(network.keys.publisher)))
    await network.release([await database('first', 1, {})])
    await copyFile(at('first', 'test.cvd'), at('published.cvd'))
  })

  after(async () => {
    await network?.[Symbol.asyncDispose]()
  })

  for (const [index, { situation, refused, ...shape }] of CASES.entries()) {
    test(`${refused === undefined ? 'accepted' : 'refused'} by both: ${situation}`, async () => {
      const version = published + 1
      const home = String(index)
      const path = await database(home, version, shape)
      const files = [path]
      if (shape.patch !== undefined) files.push(await patch(home, path, version, shape.patch))
      const theirs = shape.patch === undefined ? await engine(path) : await patching(files[1] ?? '')
      assert.equal(theirs.taken, refused === undefined, theirs.said)

      const checked = await run(process.execPath, [
        ...['bin/cvdnet.ts', 'cvd', 'verify', '--keys', at('public.keys')],
        ...files,
      ])
      assert.equal(checked.status, refused === undefined ? 0 : 1, checked.all)
      if (refused !== undefined) assert.match(checked.err, refused)

      const uploaded = await network.upload(files)
      assert.equal(uploaded.status, 0, uploaded.all)
      const triggered = await network.trigger()
      assert.equal(triggered.status, refused === undefined ? 0 : 1, triggered.all)
      if (refused !== undefined) assert.match(triggered.err, refused)
      else {
        published = version
        await copyFile(path, at('published.cvd'))
      }
    })
  }

  async function database(home: string, version: number, { info, md5 }: Omit<Case, 'situation'>) {
    const secrets = network.keys.publisher
    const shape = info ?? { head: ordinary }
    const signer = {
      header: (digest: Uint8Array) => signMd5(digest, secrets.header),
      info: (digest: Uint8Array) => signShaped(digest, secrets.info, shape),
    }
    const how = { name: 'test', version, members: members(version), signer }
    const path = await writeOwnDatabase(at(home, 'test.cvd'), secrets, how)
    if (md5 !== undefined) await writeFile(path, withMd5(await readFile(path), secrets, md5))
    return path
  }

  async function unpacked(path: string, folder: string) {
    const verifiers = verifiersOf([publicKeys(network.keys.publisher)])
    const { members } = await unpackFile(path, folder, { verifiers, signal })
    return { folder, members }
  }

  async function patch(home: string, path: string, version: number, shape: SignatureShape) {
    const script = await diffFolders(
      await unpacked(at('published.cvd'), at(home, 'old')),
      await unpacked(path, at(home, 'new')),
      signal,
    )
    assert.ok(script.ok, JSON.stringify(script))
    const bytes = printCdiff(aVersion(version), script.value, (digest) =>
      signShaped(digest, network.keys.publisher.patch, shape),
    )
    assert.ok(bytes.ok)
    const file = at(home, `test-${version}.cdiff`)
    await writeFile(file, bytes.value)
    return file
  }

  /** Three of their programs, which must be of one mind. */
  async function engine(path: string) {
    const { env } = own
    const args = ['--database', path, '--no-summary', at('sample')]
    const scanned = await run('clamscan', args, { env })
    const taken = scanned.status === 1 && /Cvdnet\.Test FOUND/.test(scanned.out)
    const info = await run(own.sigtool, ['--info', path], { env })
    assert.equal(/Verification OK/.test(info.out), taken, info.all)
    const fetched = await freshclam(path)
    assert.equal(fetched.status === 0, taken, fetched.all)
    return { taken, said: scanned.all }
  }

  async function freshclam(path: string) {
    const client = await mkdtemp(at('client-'))
    const owner = process.getuid?.() === 0 ? 'DatabaseOwner root\n' : ''
    const conf = `${client}.conf`
    await writeFile(
      conf,
      `${owner}DatabaseDirectory ${client}\nDatabaseMirror http://127.0.0.1:1\nDatabaseCustomURL file://${path}\n`,
    )
    const args = ['--no-dns', '--stdout', `--config-file=${conf}`, '--update-db=custom']
    return await run('freshclam', args, { env: own.env })
  }

  async function patching(file: string) {
    const { folder } = await unpacked(at('published.cvd'), `${file}-tried`)
    const end = await run(own.sigtool, [`--run-cdiff=${file}`], { cwd: folder, env: own.env })
    return { taken: end.status === 0, said: end.all }
  }
})

test('a mirror goes on taking such files from a master that has published them', {
  skip: without('rsync'),
}, async () => {
  await using it = await mirrorWorld()
  const { secrets } = it
  const signer = {
    header: (digest: Uint8Array) => signMd5(digest, secrets.header),
    info: (digest: Uint8Array) => signShaped(digest, secrets.info, { head: zero }),
  }
  const how = { name: 'daily', version: 1, members: members(1), signer }
  const path = await writeOwnDatabase(join(it.dir, 'daily.cvd'), secrets, how)
  const bytes = withMd5(await readFile(path), secrets, zero)
  await it.publish(1, { ...releaseFiles(it, 1), 'daily.cvd': bytes })
  await synced(it)
  assert.deepEqual(await readFile(join(it.docroot, 'daily.cvd')), Buffer.from(bytes))
})
