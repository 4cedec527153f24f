import assert from 'node:assert/strict'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startSshDoor } from '#adapters/ssh/index.ts'
import { epochMs, epochSeconds } from '#base/time.ts'
import { describePoint, type PointName, verdictOf } from '#core/inspection/index.ts'
import type { MirrorRecord } from '#core/mirrors/index.ts'
import type { Head } from '#ports/store.ts'
import { type Trigger, TriggerError } from '#ports/trigger.ts'
import { aGeneration, aSerial } from '../../../test/support/values.ts'
import { inspectMirror } from './index.ts'

const HOST = '127.0.0.1'
const PRIVATE = { bandwidthMbitMin: 10, allowsPrivate: true }
const OTHER = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBG2rU3Q+pMvYu4wUCRv88bNZRncs15GyPE7ZzZoeX9V'
const HEAD: Head = {
  release: { serial: aSerial(1), publishedAt: epochSeconds(0), files: new Map() },
  generation: aGeneration(1),
  master: 'rsync1',
  committedAt: epochMs(0),
}

function record(more: Partial<MirrorRecord>): MirrorRecord {
  return {
    name: 'fra1',
    stage: 'credentials',
    stageSince: epochMs(0),
    stageReason: '',
    host: HOST,
    addresses: [],
    httpPort: 1,
    sshPort: 1,
    account: 'clamavdb',
    hostKey: undefined,
    aliases: [],
    country: 'DE',
    region: 'europe',
    bandwidthMbit: 100,
    admin: undefined,
    rsyncLogin: { user: 'fra1', password: 'x' },
    downtimes: [],
    push: { bandwidthKbit: undefined, window: undefined },
    ...more,
  }
}

async function points(
  mirror: MirrorRecord,
  { rules = PRIVATE, trigger }: { rules?: typeof PRIVATE; trigger?: Trigger } = {},
): Promise<ReadonlyMap<PointName, string> & { isGood?: boolean }> {
  const world = { zone: 'clamav.test', rules, head: HEAD, trigger, syncMs: 5000, onLine: () => {} }
  const inspection = await inspectMirror(mirror, world, AbortSignal.timeout(20_000))
  const words = new Map(inspection.points.map((point) => [point.name, describePoint(point)]))
  const isGood = verdictOf(inspection.points, true).kind === 'good'
  return Object.assign(words, { isGood })
}

test('a host key is never taken because it was seen, and another one than the pinned is a no', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-inspect-'))
  await using door = await startSshDoor({
    host: HOST,
    port: 0,
    hostKeyFile: join(folder.path, 'host'),
    policy: { admit: () => undefined },
  })
  const at = { sshPort: door.port }
  const first = await points(record(at))
  assert.match(
    first.get('host key') ?? '',
    /not pinned yet; when its operator confirms that: cvdnet/,
  )
  assert.match(first.get('sync') ?? '', /not tried, its host key is not the pinned one/)
  assert.equal(first.isGood, false, 'with a login, a sync belongs to the check')
  const changed = await points(record({ ...at, hostKey: OTHER }))
  assert.match(changed.get('host key') ?? '', /: no, it shows SHA256:.* where SHA256:.* is pinned/)
  let calls = 0
  const trigger: Trigger = {
    pull: async (target) => {
      calls += 1
      if (target.user === 'gone') throw new TriggerError('login-refused', 'trigger "fra1"')
      return { status: target.user === 'clamavdb' ? 0 : 3, lines: ['rsync1: nothing listens'] }
    },
  }
  await points(record({ ...at, hostKey: OTHER }), { trigger })
  assert.equal(calls, 0, 'nobody is called whose key is not the pinned one')
  const pinned = record({ ...at, hostKey: door.hostKey })
  assert.equal((await points(pinned, { trigger })).isGood, true)
  const failed = await points({ ...pinned, account: 'other' }, { trigger })
  assert.match(failed.get('sync') ?? '', /no, it ends with status 3: rsync1: nothing listens/)
  const shut = await points({ ...pinned, account: 'gone' }, { trigger })
  assert.match(shut.get('sync') ?? '', /put the kit's authorized_keys in place/)
  const early = await points({ ...pinned, stage: 'checked', rsyncLogin: undefined }, { trigger })
  assert.match(early.get('sync') ?? '', /not tried, it has no login yet/)
})

test('a name that leads to ourselves is not followed', async () => {
  const rules = { ...PRIVATE, allowsPrivate: false }
  const local = await points(record({ host: 'localhost' }), { rules })
  assert.match(local.get('ssh port') ?? '', /localhost leads to .*, which is loopback/)
  const nowhere = await points(record({ host: 'no-such-host.invalid' }), { rules })
  assert.match(nowhere.get('ssh port') ?? '', /leads to no address/)
})
