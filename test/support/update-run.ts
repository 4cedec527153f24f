/** `updateOnce` with a folder of its own and servers in memory. */
import assert from 'node:assert/strict'
import { mkdtempDisposable, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { examineFile } from '#adapters/databases/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { verifiersOf } from '#core/databases/index.ts'
import { statusOf } from '#core/update/index.ts'
import { updateOnce } from '../../src/roles/update/update-once.ts'
import type { UpdateWorld } from '../../src/roles/update/world.ts'
import { cvd, NOW, publishers } from './acme.ts'
import { type FakeServer, FakeServers } from './database-servers.ts'
import { aName } from './values.ts'

const signal = AbortSignal.timeout(60_000)

export async function updateRun(
  servers: Record<string, FakeServer>,
  {
    local = 0,
    kind = 'public' as 'public' | 'private',
    record = 0,
    age = 60,
    ...more
  }: {
    local?: number
    kind?: 'public' | 'private'
    record?: number
    age?: number
  } & Partial<UpdateWorld> = {},
) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-update-'))
  if (local > 0) await writeFile(join(folder.path, 'acme.cvd'), cvd(local))
  const fake = new FakeServers(servers)
  const said: string[] = []
  const urls = Object.keys(servers).map((host) => `http://${host}`)
  const text = `1.4.6:0:${record}:${NOW - age}:1:90:0:0`
  const update: UpdateWorld = {
    directory: folder.path,
    servers:
      kind === 'private'
        ? { kind, urls }
        : { kind, urls, recordName: 'current.cvd.test', patches: true },
    databases: [aName('acme')],
    customUrls: [],
    attemptsMax: 1,
    publishers,
    server: fake,
    resolveTxt: async (name) => {
      if (record === 0) return undefined
      return name === 'current.cvd.test' ? text : `${record}:${NOW - age}`
    },
    engineTest: async () => undefined,
    clock: systemClock,
    voice: { print: (line) => said.push(line), complain: (line) => said.push(line) },
    ...more,
  }
  const own = join(folder.path, '.cvdnet', 'signed')
  const files = async () => (await readdir(folder.path)).filter((name) => !name.startsWith('.'))
  const signed = async () => await readdir(own).catch(() => [])
  return {
    folder: folder.path,
    fake,
    said,
    own,
    files,
    signed,
    run: () => updateOnce(update, signal),
    end: async () => {
      const report = await updateOnce(update, signal)
      const end = report.databases.get(aName('acme'))
      assert.ok(end)
      return { ...end, status: statusOf(report) }
    },
    /** Version of what is kept signed, which must verify, and of what the engine loads of it. */
    version: async () => {
      const kept = (await signed()).map((name) => join(own, name))
      const [file = join(folder.path, 'acme.cvd')] = kept
      const verifiers = verifiersOf(publishers)
      const found = await examineFile(file, { verifiers, signal })
      assert.deepEqual(found.faults, [])
      if (kept.length > 0) {
        const loaded = await examineFile(join(folder.path, 'acme.cud'), { verifiers, signal })
        assert.deepEqual([loaded.faults, loaded.header?.version], [[], found.header?.version])
      }
      return found.header?.version
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}
