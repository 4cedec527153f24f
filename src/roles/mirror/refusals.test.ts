import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  asText,
  contentOf,
  releaseFiles,
  saysNo,
  sync,
  synced,
} from '../../../test/support/mirror-sync.ts'
import { type MirrorWorld, mirrorWorld } from '../../../test/support/mirror-world.ts'
import { mountSmall } from '../../../test/support/small-disk.ts'

/** Release 1 is published and synced; then the master offers what `wrong` makes. */
interface Wrong {
  readonly name: string
  readonly words: RegExp
  readonly wrong: (it: MirrorWorld) => Promise<unknown>
}

function spoiled(name: string, words: RegExp, spoil: (tree: string) => Promise<unknown>): Wrong {
  const wrong = (it: MirrorWorld) =>
    it.publish(2, releaseFiles(it, 2), {
      spoil: async (tree) => {
        await spoil(tree)
      },
    })
  return { name, words, wrong }
}

const WRONG: readonly Wrong[] = [
  spoiled('a file added', /evil\.cvd was sent and is not in the manifest/, (tree) =>
    writeFile(join(tree, 'evil.cvd'), 'x'),
  ),
  spoiled('a file beside the metadata', /tuf\/x\.cvd was sent and is not in the manifest/, (tree) =>
    writeFile(join(tree, 'tuf', 'x.cvd'), 'x'),
  ),
  spoiled('a file missing', /main\.cvd is in the manifest and was not sent/, (tree) =>
    rm(join(tree, 'main.cvd')),
  ),
  spoiled('other bytes', /phish\.ndb is not what the manifest says: its SHA-256 differs/, (tree) =>
    writeFile(join(tree, 'phish.ndb'), 'PHISH 1\n'),
  ),
  spoiled('a longer file', /timestamp has 100 bytes, the manifest says 13/, (tree) =>
    writeFile(join(tree, 'timestamp'), 'x'.repeat(100)),
  ),
  spoiled('no manifest', /there is no signed manifest/, (tree) =>
    rm(join(tree, 'tuf'), { recursive: true }),
  ),
  {
    name: 'a manifest of another network',
    words: /the manifest is not trusted/,
    wrong: async (it) => {
      await using other = await mirrorWorld()
      const stranger = await other.publish(2, releaseFiles(it, 2))
      await it.publish(2, releaseFiles(it, 2), {
        spoil: (tree) => cp(join(stranger, 'tuf'), join(tree, 'tuf'), { recursive: true }),
      })
    },
  },
  {
    name: 'an older generation',
    words: /not trusted: .*version/,
    wrong: async (it) => {
      await it.publish(5, releaseFiles(it, 5))
      await synced(it)
      await it.show(1)
    },
  },
  {
    name: 'a lower release in a newer generation',
    words: /release 0 is offered, and release 1 is published here/,
    wrong: (it) => it.publish(2, releaseFiles(it, 2), { serial: 0 }),
  },
  {
    name: 'an older version',
    words: /daily\.cvd would go back from version 1 to 0/,
    wrong: (it) => it.publish(2, { ...releaseFiles(it, 1), 'daily.cvd': it.cvd('daily', 0) }),
  },
  {
    name: 'an older version after the database was away for a release',
    words: /daily\.cvd would go back from version 1 to 0/,
    wrong: async (it) => {
      const { 'daily.cvd': _gone, ...others } = releaseFiles(it, 1)
      await it.publish(2, others)
      await synced(it)
      await it.publish(3, { ...others, 'daily.cvd': it.cvd('daily', 0) })
    },
  },
  {
    name: 'the same version with other content',
    words: /daily\.cvd has version 1, which is published here with other content/,
    wrong: (it) => {
      return it.publish(2, { ...releaseFiles(it, 1), 'daily.cvd': it.cvd('daily', 1, 'other') })
    },
  },
  {
    name: 'a database that was changed after it was signed',
    words: /daily\.cvd is not a database to publish/,
    wrong: (it) => {
      const flipped = Buffer.from(it.cvd('daily', 2))
      flipped[flipped.length - 9] = (flipped[flipped.length - 9] ?? 0) ^ 1
      return it.publish(2, { ...releaseFiles(it, 2), 'daily.cvd': flipped })
    },
  },
  {
    name: 'a database under another name',
    words: /its content is the database "main"/,
    wrong: (it) => it.publish(2, { ...releaseFiles(it, 2), 'daily.cvd': it.cvd('main', 2) }),
  },
  {
    name: 'a file with the operator’s name',
    words: /lists "local_logo\.png", a name that is not the network's/,
    wrong: (it) => it.publish(2, { ...releaseFiles(it, 2), 'local_logo.png': 'x' }),
  },
]

for (const { name, words, wrong } of WRONG) {
  test(`refused, the old tree stays, the next good one is taken: ${name}`, async () => {
    await using it = await mirrorWorld()
    await it.publish(1, releaseFiles(it, 1))
    await synced(it)
    await wrong(it)
    await saysNo(it, 'refused', words)
    const newer = releaseFiles(it, 9)
    await it.publish(9, newer)
    await synced(it)
    assert.deepEqual(await contentOf(it.docroot), asText(newer))
  })
}

test('the world fails, each with its reason, and the old tree stays', async () => {
  await using it = await mirrorWorld()
  await it.publish(1, releaseFiles(it, 1))
  await synced(it)
  await it.publish(2, releaseFiles(it, 2))
  await saysNo(it, 'failed', /nothing listens there/, { master: 'gone' })
  await saysNo(it, 'unknown-master', /no master; MASTERS has rsync1, gone/, { master: '-e evil' })
  await it.writeConf({ RSYNC_PASSWORD: 'wrong' })
  await saysNo(it, 'failed', /does not accept this login and password/)
  await it.writeConf({ MODULE: 'other' })
  await saysNo(it, 'failed', /no such module/)
  await it.writeConf()
  assert.equal((await synced(it)).generation, 2)
})

test('a full disk under the state is told, the old tree stays, and room is made again', async (context) => {
  await using it = await mirrorWorld()
  await mkdir(it.state)
  using disk = mountSmall(it.state, '1m')
  if (disk === undefined) return context.skip('needs the right to mount a small file system')
  await it.publish(1, releaseFiles(it, 1))
  await synced(it)
  await it.publish(2, { ...releaseFiles(it, 2), 'big.ndb': 'x'.repeat(3_000_000) })
  await saysNo(it, 'failed', /no space is left on the disk/)
  await it.publish(3, { ...releaseFiles(it, 3), 'big.ndb': 'x'.repeat(300_000) })
  assert.equal((await synced(it)).generation, 3)
})

test('a full disk under the document root is told; what is there stays readable, and the next run goes on', async (context) => {
  await using it = await mirrorWorld()
  await mkdir(it.docroot)
  using disk = mountSmall(it.docroot, '400k')
  if (disk === undefined) return context.skip('needs the right to mount a small file system')
  await it.publish(1, releaseFiles(it, 1))
  await synced(it)
  await it.publish(2, { ...releaseFiles(it, 2), 'big.ndb': 'x'.repeat(900_000) })
  const { end, complained } = await sync(it)
  assert.equal(end.kind, 'failed')
  assert.match(complained, /no space left on the disk/)
  const shown = await contentOf(it.docroot)
  assert.equal(
    shown['timestamp'],
    'generation 1\n',
    'the timestamp does not tell what is not there',
  )
  assert.ok(!Object.keys(shown).some((path) => path.endsWith('.tmp')))
  const third = releaseFiles(it, 3)
  await it.publish(3, third)
  await synced(it)
  assert.deepEqual(await contentOf(it.docroot), asText(third))
})

test('a master that switches while we read is read once more', async () => {
  await using it = await mirrorWorld()
  await it.publish(1, releaseFiles(it, 1))
  const files = releaseFiles(it, 2)
  await it.publish(2, files, { spoil: (tree) => rm(join(tree, 'main.cvd')) })
  let pulls = 0
  const onStep = (step: string) => {
    if (step !== 'pulled') return
    pulls += 1
    // The rest of the tree arrives on the master between the two pulls.
    spawnSync('cp', [join(it.dir, 'master/1/main.cvd'), join(it.dir, 'master/2/main.cvd')])
  }
  const { end, said } = await sync(it, { onStep })
  assert.ok(end.kind === 'done')
  assert.equal(pulls, 2)
  assert.match(said, /pulling once more/)
  assert.deepEqual(await contentOf(it.docroot), asText(files))
})
