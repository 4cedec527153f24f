import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryState, MemoryStore } from '#adapters/memory/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { fail, ok } from '#base/outcome.ts'
import { parseSshPublicKeyLine } from '#base/ssh-public-key.ts'
import { epochMs } from '#base/time.ts'
import { StoreError } from '#ports/store.ts'
import { Registrar, SigmakerList } from './index.ts'

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAG2rU3Q+pMvYu4wUCRv88bNZRncs15GyPE7ZzZoeX9V'
const OTHER = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBG2rU3Q+pMvYu4wUCRv88bNZRncs15GyPE7ZzZoeX9V'
const FRA1 = { name: 'fra1', addresses: '193.0.6.1', country: 'DE', bandwidthMbit: '100' }
const rules = { bandwidthMbitMin: 10, allowsPrivate: false }

function office() {
  const store = new MemoryStore(new MemoryState())
  const warnings: string[] = []
  const world = {
    store,
    clock: systemClock,
    who: 'alice',
    rules,
    zone: 'clamav.test',
    onWarning: (line: string) => warnings.push(line),
  }
  return { store, warnings, registrar: new Registrar(world), sigmakers: new SigmakerList(world) }
}

const LOGIN = { user: 'fra1', password: 'x' }
const approve = {
  what: 'approved',
  why: [],
  event: () => ok({ kind: 'approve', login: LOGIN } as const),
}

test('an application becomes a mirror, once, and the journal says who did what', async () => {
  const { store, registrar } = office()
  assert.ok((await registrar.apply(FRA1)).ok)
  const again = await registrar.apply(FRA1)
  assert.match(
    again.ok ? '' : again.fault.join(),
    /"fra1" has applied.*; only one that was refused/,
  )
  const twin = await registrar.apply({ ...FRA1, name: 'ams2' })
  assert.deepEqual(twin, fail(['addresses 193.0.6.1 is of mirror "fra1"']))
  await registrar.act('fra1', {
    what: 'refused',
    why: ['too slow'],
    event: () => ok({ kind: 'refuse', reason: 'too slow' }),
  })
  assert.ok((await registrar.apply(FRA1)).ok)
  const entries = await store.journal.read({ limit: 10 })
  assert.deepEqual(
    entries.map(({ who, what, subject, why }) => [who, what, subject, why.join('; ')]),
    [
      ['alice', 'applied', 'fra1', 'from 193.0.6.1'],
      ['alice', 'refused', 'fra1', 'too slow; applied → refused'],
      ['alice', 'applied', 'fra1', 'from 193.0.6.1'],
    ],
  )
})

test('an act is decided on what is there when it is written, not on what was read', async () => {
  const { store, registrar } = office()
  await registrar.apply(FRA1)
  let calls = 0
  const refused = registrar.act('fra1', {
    what: 'refused',
    why: [],
    event: () => {
      calls += 1
      return ok({ kind: 'refuse', reason: 'no' })
    },
  })
  const [one, two] = await Promise.all([refused, registrar.act('fra1', approve)])
  assert.ok(calls > 0)
  const stored = await store.registry.mirrors.get('fra1')
  // Whoever came second was judged on the first one's result, and both are in the journal or one was refused.
  const stage = stored?.value.stage
  assert.ok(one.ok ? stage === 'refused' : two.ok && stage === 'credentials')
  assert.equal(
    (await store.journal.read({ limit: 10 })).length,
    1 + [one, two].filter(({ ok: good }) => good).length,
  )
})

test('five who pause at once all leave their entry, or their reason', async () => {
  const { store, registrar } = office()
  await registrar.apply(FRA1)
  await registrar.act('fra1', approve)
  const now = systemClock.now()
  const pauses = await Promise.all(
    Array.from({ length: 5 }, (_none, at) =>
      registrar.act('fra1', {
        what: 'paused',
        why: [],
        event: () => {
          const from = epochMs(now + (1 + at * 10) * 3_600_000)
          const until = epochMs(from + 3_600_000)
          return ok({ kind: 'pause', downtime: { from, until, reason: `${at}` } })
        },
      }),
    ),
  )
  assert.ok(pauses.every(({ ok: good }) => good))
  assert.equal((await store.registry.mirrors.get('fra1'))?.value.downtimes.length, 5)
})

test('a moved mirror keeps its stage, is called where it was said, and takes nobody’s address', async () => {
  const { registrar } = office()
  await registrar.apply(FRA1)
  await registrar.apply({ ...FRA1, name: 'ams2', addresses: '193.0.6.2' })
  const taken = await registrar.move('fra1', { host: undefined, addresses: ['193.0.6.2'] }, 'x')
  assert.match(taken.ok ? '' : taken.fault.join(), /is of mirror "ams2"/)
  const inside = await registrar.move('fra1', { host: undefined, addresses: ['10.0.0.1'] }, 'x')
  assert.match(inside.ok ? '' : inside.fault.join(), /is private/)
  const moved = await registrar.move('fra1', { host: undefined, addresses: ['193.0.6.3'] }, 'x')
  assert.ok(moved.ok)
  assert.deepEqual([moved.value.host, moved.value.stage], ['193.0.6.3', 'applied'])
  const unknown = await registrar.move('fra9', { host: undefined, addresses: [] }, 'x')
  assert.match(unknown.ok ? '' : unknown.fault.join(), /there is no mirror "fra9"/)
})

test('a sigmaker’s key opens one door; rotated, the old one opens none', async () => {
  const { store, sigmakers } = office()
  const alice = { name: 'alice', keys: [`${KEY} alice@home`], databases: ['acme'], mail: undefined }
  assert.ok((await sigmakers.add(alice)).ok)
  const bob = await sigmakers.add({ ...alice, name: 'bob' })
  assert.deepEqual(bob, fail(['key is of sigmaker "alice"']))
  const bad = await sigmakers.add({ name: '-x', keys: ['no'], databases: ['a b'], mail: 'x' })
  assert.equal(bad.ok ? 0 : bad.fault.length, 4)
  const rotated = await sigmakers.rotate('alice', [OTHER], 'lost laptop')
  assert.deepEqual(rotated.ok && rotated.value.keys, [OTHER])
  assert.ok((await sigmakers.add({ ...alice, name: 'bob' })).ok)
  assert.ok((await sigmakers.remove('alice', 'left')).ok)
  assert.deepEqual(
    (await store.registry.sigmakers.list()).map(({ name }) => name),
    ['bob'],
  )
  assert.deepEqual(
    (await store.journal.read({ limit: 10 })).map(({ what, subject }) => `${what} ${subject}`),
    [
      'sigmaker-removed alice',
      'sigmaker-added bob',
      'sigmaker-keys-rotated alice',
      'sigmaker-added alice',
    ],
  )
})

/** A listed mirror whose host key is pinned. */
async function listed({ store, registrar }: ReturnType<typeof office>): Promise<void> {
  await registrar.apply({ ...FRA1, hostKey: KEY })
  const found = await store.registry.mirrors.get('fra1')
  assert.ok(found)
  await store.registry.mirrors.put('fra1', { ...found.value, stage: 'tested' }, found.revision)
  assert.ok((await registrar.act('fra1', approve)).ok)
}

const HOUR_MS = 3_600_000
const pause = {
  what: 'paused',
  why: [],
  event: () => {
    const from = epochMs(systemClock.now() + HOUR_MS)
    const downtime = { from, until: epochMs(from + HOUR_MS), reason: 'new disks' }
    return ok({ kind: 'pause', downtime } as const)
  },
}

// R69, R83–R85.
test('what other operators want to know beforehand is posted to their list, and among the news', async () => {
  const all = office()
  const { store, registrar, warnings } = all
  await listed(all)
  await registrar.act('fra1', pause)
  await registrar.act('fra1', { what: 'resumed', why: [], event: () => ok({ kind: 'resume' }) })
  await registrar.move('fra1', { host: undefined, addresses: ['193.0.6.9'] }, 'new line')
  await registrar.act('fra1', {
    what: 'host-key-pinned',
    why: [],
    event: () =>
      ok({ kind: 'new-host-key', hostKey: parseSshPublicKeyLine(OTHER) ?? assert.fail() }),
  })
  await registrar.act('fra1', {
    what: 'retired',
    why: [],
    event: () => ok({ kind: 'retire', reason: 'it goes' }),
  })
  const letters = await store.jobs.waiting('mail')
  assert.ok(letters.every(({ key }) => key.endsWith(' mirrors')))
  const subjects = [
    'Farewell fra1',
    'New addresses of fra1',
    'New ssh host key of fra1',
    'No more downtime of fra1',
    'Planned downtime of fra1',
    'Welcome fra1',
  ].map((subject) => `[clamav.test] ${subject}`)
  const posted = letters.map(({ body }) => JSON.parse(body).subject)
  assert.deepEqual(posted.toSorted(), subjects)
  const news = await store.notices.news.list()
  assert.deepEqual(news.map(({ value }) => value.subject).toSorted(), subjects)
  assert.deepEqual(warnings, [])
})

test('an act stands although its letter cannot be posted, and whoever did it is told', async () => {
  const all = office()
  await listed(all)
  const { store, registrar, warnings } = all
  store.jobs.enqueue = async () => {
    throw new StoreError('away', 'write a job')
  }
  assert.ok((await registrar.act('fra1', pause)).ok)
  assert.equal((await store.registry.mirrors.get('fra1'))?.value.downtimes.length, 1)
  assert.deepEqual(warnings, ["it is done, but the mirrors' list was not told: Cannot write a job"])
})
