import assert from 'node:assert/strict'
import {
  cp,
  mkdir,
  mkdtempDisposable,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ReleaseFolder, sha256File } from '#adapters/disk/index.ts'
import { makeNetworkKeys, TufSigner, TufVerifier } from '#adapters/tuf/index.ts'
import { epochMs, epochSeconds } from '#base/time.ts'
import { verifiersOf } from '#core/databases/index.ts'
import type { Release } from '#core/release/index.ts'
import { publicKeys } from '#formats/dsig/index.ts'
import { TEST_SECRETS } from '#formats/dsig/test-secrets.ts'
import { writeOwnDatabase } from '../../../test/support/own-database.ts'
import { aMaster } from '../../../test/support/records.ts'
import { aGeneration, aName, aSerial, aVersion } from '../../../test/support/values.ts'
import { fetchPeerTree } from './fetch-peer-tree.ts'

const { signal } = new AbortController()
const NOW = epochMs(Date.now())

/** A peer that published `acme.cvd` as release 3; `lie` changes what it sends from then on, or what it signs. */
async function peer(lie: {
  readonly content?: string
  readonly afterSigning?: (tree: string) => Promise<void>
  readonly record?: (release: Release) => Release
}) {
  const base = await mkdtempDisposable(join(tmpdir(), 'cvdnet-peer-'))
  const at = (...parts: readonly string[]) => join(base.path, ...parts)
  await makeNetworkKeys(at('keys'), NOW)
  const upload = at('acme.cvd')
  if (lie.content === undefined) {
    const members = { ndb: 'A:0:*:cafe01\n' }
    await writeOwnDatabase(upload, TEST_SECRETS, { name: 'acme', version: 1, members })
  } else await writeFile(upload, lie.content)
  const release: Release = {
    serial: aSerial(3),
    publishedAt: epochSeconds(1_700_000_000),
    files: new Map([
      [
        'acme.cvd',
        {
          kind: 'database',
          path: 'acme.cvd',
          bytes: (await stat(upload)).size,
          sha256: await sha256File(upload, signal),
          name: aName('acme'),
          version: aVersion(1),
          builtAt: epochSeconds(1_700_000_000),
          datedAt: epochSeconds(1_700_000_000),
        },
      ],
    ]),
  }
  const signer = await TufSigner.load(at('keys'))
  const theirs = await ReleaseFolder.open({ folder: at('theirs'), signer, kept: 3 })
  const pointers = new Map([['timestamp', '0\n0\nserial 3 generation 7\n']])
  const publication = { release, generation: aGeneration(7), pointers, now: NOW }
  await theirs.publish(publication, new Map([['acme.cvd', upload]]))
  const tree = at('sent')
  await cp(theirs.published?.folder ?? '', tree, { recursive: true })
  await lie.afterSigning?.(tree)
  let pulls = 0
  const fetched = await fetchPeerTree(
    aMaster('rsync2'),
    { release: lie.record?.(release) ?? release, generation: 7 },
    undefined,
    {
      transfer: {
        pull: async (_from, into) => {
          pulls += 1
          await rm(into, { recursive: true, force: true })
          await mkdir(into)
          await cp(tree, into, { recursive: true, verbatimSymlinks: true })
        },
      },
      manifests: new TufVerifier({ folder: at('trusted'), rootFile: at('keys', 'root.json') }),
      verifiers: verifiersOf([publicKeys(TEST_SECRETS)]),
      incoming: at('incoming'),
      login: { user: 'rsync1', password: 'x' },
      signal,
    },
  )
  const left = (await readdir(base.path)).includes('incoming')
  return { fetched, left, pulls, [Symbol.asyncDispose]: () => base.remove() }
}

test('a tree that is what the network signed and the store recorded is taken', async () => {
  await using it = await peer({})
  assert.equal(it.fetched.ok, true, JSON.stringify(it.fetched))
  assert.equal(it.left, true)
})

const LIES: readonly (readonly [string, Parameters<typeof peer>[0], RegExp])[] = [
  [
    'a database other than the signed one',
    { afterSigning: (tree) => flip(join(tree, 'acme.cvd')) },
    /acme\.cvd is not what the manifest says: its SHA-256 differs/,
  ],
  [
    'a pointer other than the signed one',
    { afterSigning: (tree) => flip(join(tree, 'timestamp')) },
    /timestamp is not what the manifest says/,
  ],
  [
    'a file less',
    { afterSigning: (tree) => rm(join(tree, 'acme.cvd')) },
    /acme\.cvd is in the manifest and was not sent/,
  ],
  [
    'a file more',
    { afterSigning: (tree) => writeFile(join(tree, 'evil.ndb'), 'x') },
    /evil\.ndb was sent and is not in the manifest/,
  ],
  [
    'a link in place of a file',
    {
      afterSigning: async (tree) => {
        await rm(join(tree, 'timestamp'))
        await symlink('/etc/passwd', join(tree, 'timestamp'))
      },
    },
    /timestamp was sent and is not in the manifest|timestamp is in the manifest and was not sent/,
  ],
  [
    'a link more',
    { afterSigning: (tree) => symlink('/etc', join(tree, 'evil')) },
    /evil was sent and is not in the manifest/,
  ],
  [
    'no manifest',
    { afterSigning: (tree) => rm(join(tree, 'tuf'), { recursive: true }) },
    /no signed manifest/,
  ],
  [
    'a manifest with another list',
    { afterSigning: (tree) => flip(join(tree, 'tuf', 'targets.json')) },
    /the manifest is not trusted/,
  ],
  [
    'what the network signed and no publisher did',
    { content: 'ClamAV-VDB:nothing of the kind' },
    /acme\.cvd is not a database to publish/,
  ],
  [
    'another file than the store recorded, signed by the network all the same',
    {
      record: (release) => ({
        ...release,
        files: new Map(
          [...release.files].map(([path, file]) => [path, { ...file, sha256: '0'.repeat(64) }]),
        ),
      }),
    },
    /acme\.cvd is not what the manifest says/,
  ],
]
for (const [title, lie, words] of LIES) {
  test(`a lying peer is not believed, and nothing of it stays: ${title}`, async () => {
    await using it = await peer(lie)
    assert.equal(it.fetched.ok, false)
    assert.ok(!it.fetched.ok && it.fetched.fault.kind === 'not-verified')
    assert.match(it.fetched.fault.reasons.join('\n'), words)
    assert.equal(it.left, false)
    assert.ok(it.pulls <= 2)
  })
}

test('a peer that shows another generation by now is no liar', async () => {
  await using it = await peer({ record: (release) => ({ ...release, serial: aSerial(4) }) })
  assert.deepEqual(it.fetched, {
    ok: false,
    fault: { kind: 'other-tree', serial: 3, generation: 7 },
  })
})

/** Changes one byte and leaves the length. */
async function flip(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[bytes.length - 10] = (bytes[bytes.length - 10] ?? 0) ^ 1
  await writeFile(path, bytes)
}
