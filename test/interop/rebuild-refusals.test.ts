/** What cannot be made here is fetched whole, with its reason; what the network did not sign is not even read. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { drawSalt, newPublisherSecrets } from '#adapters/keys/index.ts'
import { printSignedPart } from '#formats/cdiff/index.ts'
import { type PublisherSecrets, signSha256 } from '#formats/dsig/index.ts'
import { asText, contentOf, saysNo, sync, synced } from '../support/mirror-sync.ts'
import { type Files, type MirrorWorld, mirrorWorld } from '../support/mirror-world.ts'
import {
  linesOf,
  packedOtherwise,
  patchBetween,
  patchedFiles,
} from '../support/patched-versions.ts'
import { aVersion } from '../support/values.ts'

const SMALL = { lines: 500, patches: 1 }
/** So that small databases are made again, too. */
const options = { rebuildBytesMin: 1 }

/** Whatever the script, signed. Our own maker of patches would refuse to. */
function signedPatch(script: string, secrets: PublisherSecrets): Uint8Array {
  const gzip = gzipSync(script, { level: 9 })
  const signed = printSignedPart(aVersion(2), script.length, gzip)
  const sum = createHash('sha256').update(signed).digest()
  return Buffer.concat([signed, Buffer.from(`:${signSha256(sum, secrets.patch, drawSalt)}`)])
}

interface Case {
  readonly name: string
  readonly words: RegExp
  /** What the release has instead. An undefined file is not in it. */
  readonly change: (
    it: MirrorWorld,
    good: Files,
  ) => Promise<Readonly<Record<string, Uint8Array | undefined>>>
}

const CASES: readonly Case[] = [
  {
    name: 'a database that was packed otherwise',
    words: /the bytes do not come out: MD5 \w+ or \w+, published is \w+/,
    change: async (it, good) => {
      const cvd = packedOtherwise(Buffer.from(good['daily.cvd'] ?? ''), it.secrets)
      return { 'daily.cvd': cvd, 'daily.cvd.header': cvd.subarray(0, 512) }
    },
  },
  {
    name: 'no header',
    words: /the release has no header for it/,
    change: async () => ({ 'daily.cvd.header': undefined }),
  },
  {
    name: 'no patch',
    words: /the release has no daily-2\.cdiff/,
    change: async () => ({ 'daily-2.cdiff': undefined }),
  },
  {
    name: 'a header that is none',
    words: /its header cannot be used: /,
    change: async () => ({ 'daily.cvd.header': Buffer.alloc(512, ':') }),
  },
  {
    name: 'a header of many megabytes',
    words: /version 1 is offered, and version 1 is here/,
    change: async (it) => ({
      'daily.cvd.header': Buffer.concat([it.cvd('daily', 1), Buffer.alloc(4_000_000)]),
    }),
  },
  {
    name: 'a header of the version that is here',
    words: /version 1 is offered, and version 1 is here/,
    change: async (it) => ({ 'daily.cvd.header': it.cvd('daily', 1).subarray(0, 512) }),
  },
  {
    name: 'a header of a version that is far away',
    words: /the release has no daily-3\.cdiff/,
    change: async (it) => ({
      'daily.cvd.header': it.cvd('daily', 40_000).subarray(0, 512),
    }),
  },
  {
    name: 'a header of other content',
    words: /the new header is of another build|the bytes do not come out/,
    change: async (it) => ({ 'daily.cvd.header': it.cvd('daily', 2, 'other').subarray(0, 512) }),
  },
  {
    name: 'a patch that leads elsewhere',
    words: /the bytes do not come out/,
    change: async (it) => {
      const text = (version: number) => linesOf(SMALL.lines, version)
      const other = it.cvd('daily', 2, `${text(2)}\nTest.Other:0:*:00`)
      return {
        'daily-2.cdiff': await patchBetween(it.cvd('daily', 1, text(1)), other, 2, it.secrets),
      }
    },
  },
  {
    name: 'a patch of somebody else',
    words: /daily-2\.cdiff: the patch is not signed by/,
    change: async () => ({
      'daily-2.cdiff': signedPatch(
        'OPEN daily.ndb\nADD x\nCLOSE\n',
        await newPublisherSecrets('b'),
      ),
    }),
  },
  {
    name: 'a patch that is a bomb',
    words: /daily-2\.cdiff: .*(?:dense|larger|times)/,
    change: async (it) => ({
      'daily-2.cdiff': signedPatch(
        `OPEN daily.ndb\n${'ADD \n'.repeat(8_000_000)}CLOSE\n`,
        it.secrets,
      ),
    }),
  },
  {
    name: 'a patch that is none',
    words: /daily-2\.cdiff: /,
    change: async () => ({ 'daily-2.cdiff': Buffer.from('ClamAV-Diff:2:') }),
  },
]

async function offer(it: MirrorWorld, changes: Readonly<Record<string, Uint8Array | undefined>>) {
  const files: Record<string, string | Uint8Array> = await patchedFiles(it, 2, SMALL)
  for (const [path, content] of Object.entries(changes)) {
    if (content === undefined) delete files[path]
    else files[path] = content
  }
  await it.publish(2, files)
  return files
}

for (const { name, words, change } of CASES) {
  test(`fetched whole, and told why: ${name}`, async () => {
    await using it = await mirrorWorld()
    await it.publish(1, await patchedFiles(it, 1, SMALL))
    await synced(it)
    const files = await offer(it, await change(it, await patchedFiles(it, 2, SMALL)))
    const { end, said } = await sync(it, options)
    assert.ok(end.kind === 'done', said)
    assert.deepEqual(await contentOf(it.docroot), asText(files))
    assert.equal(end.rebuilds[0]?.end.kind, 'fetched')
    assert.match(said, /daily\.cvd came whole: /)
    assert.match(said, words)
    assert.ok(!(await readdir(it.state)).includes('rebuild'))
  })
}

test('a patch that the manifest does not vouch for is not applied, and nothing is published', async () => {
  await using it = await mirrorWorld()
  await it.publish(1, await patchedFiles(it, 1, SMALL))
  await synced(it)
  const files = await patchedFiles(it, 2, SMALL)
  const other = signedPatch('UNLINK daily.ndb\n', it.secrets)
  await it.publish(2, files, { spoil: (tree) => writeFile(join(tree, 'daily-2.cdiff'), other) })
  const words = /daily-2\.cdiff (?:is not what the manifest says|has \d+ bytes)/
  await saysNo(it, 'refused', words, options)
  const { said } = await sync(it, options)
  assert.doesNotMatch(said, /making it of version/)
})

test('a manifest that is not trusted starts no rebuild, and nothing is published', async () => {
  await using it = await mirrorWorld()
  await it.publish(1, await patchedFiles(it, 1, SMALL))
  await synced(it)
  await using other = await mirrorWorld()
  const files = await patchedFiles(it, 2, SMALL)
  const stranger = await other.publish(2, files)
  await it.publish(2, files, {
    spoil: async (tree) => void spawnSync('cp', ['-r', join(stranger, 'tuf'), tree]),
  })
  await saysNo(it, 'refused', /the manifest is not trusted/, options)
  const { said } = await sync(it, options)
  assert.doesNotMatch(said, /making it of version/)
})

test('a disk on which a rebuild finds no room gets the whole file', async (context) => {
  await using it = await mirrorWorld()
  await mkdir(it.state)
  // 10 MB of members that pack to 30 KB.
  const big = (version: number) =>
    it.cvd(
      'daily',
      version,
      `Test.Sig-${version}:0:*:00\n${'Test.Same:0:*:aabbccdd\n'.repeat(450_000)}`,
    )
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'none', it.state])
  if (mounted.status !== 0) return context.skip('needs the right to mount a small file system')
  try {
    await it.publish(1, { 'daily.cvd': big(1), 'daily-1.cdiff': 'any' })
    await synced(it)
    const files = {
      'daily.cvd': big(2),
      'daily.cvd.header': big(2).subarray(0, 512),
      'daily-2.cdiff': await patchBetween(big(1), big(2), 2, it.secrets),
    }
    await it.publish(2, files)
    const { end, said, complained } = await sync(it, options)
    assert.ok(end.kind === 'done', complained)
    assert.match(said, /daily\.cvd came whole: Cannot (?:write|unpack beside) .*/)
    assert.deepEqual(await contentOf(it.docroot), asText(files))
  } finally {
    spawnSync('umount', [it.state])
  }
})

test('who stops a sync stops the rebuild, and the next sync does it', async () => {
  await using it = await mirrorWorld()
  const MUCH = { lines: 60_000, patches: 1 }
  await it.publish(1, await patchedFiles(it, 1, MUCH))
  await synced(it)
  const files = await patchedFiles(it, 2, MUCH)
  await it.publish(2, files)
  const stop = new AbortController()
  const { syncOnce } = await import('#roles/mirror/index.ts')
  const said: string[] = []
  const end = await syncOnce({
    confFile: it.conf,
    home: it.home,
    master: 'rsync1',
    voice: {
      print: (line) => {
        said.push(line)
        if (line.includes('making it of version'))
          setTimeout(() => stop.abort(new Error('enough')), 50)
      },
      complain: (line) => said.push(line),
    },
    signal: stop.signal,
  })
  assert.equal(end.kind, 'failed', said.join('\n'))
  assert.match(said.join('\n'), /enough/)
  assert.ok(!(await readdir(it.state)).includes('rebuild'))
  const next = await synced(it)
  assert.equal(next.rebuilds[0]?.end.kind, 'rebuilt')
  assert.deepEqual(await contentOf(it.docroot), asText(files))
})
