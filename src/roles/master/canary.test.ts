import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '#adapters/system/index.ts'
import { TriggerError } from '#ports/trigger.ts'
import { aGeneration, aSerial } from '../../../test/support/values.ts'
import type { PushWorld } from './push-line.ts'
import { Pusher } from './pusher.ts'

const WANTED = { serial: aSerial(2), generation: aGeneration(5), databases: new Map() }
const POLICY = {
  parallel: 8,
  connectTimeoutMs: 1000,
  syncTimeoutMs: 1000,
  retries: 0,
  retryBaseMs: 1,
  retryMaxMs: 1,
  canary: true,
}

/** Mirrors a to e; what each says when it is called. */
function pusherTo(answers: Readonly<Record<string, 0 | 1 | 'away'>>, called: string[]): Pusher {
  const trigger: PushWorld['trigger'] = {
    pull: async ({ name }, { onAdmitted }) => {
      called.push(name)
      const status = answers[name] ?? 0
      if (status === 'away') throw new TriggerError('unreachable', `trigger "${name}"`)
      await onAdmitted()
      return { status, lines: ['daily.cvd is not what the manifest says'] }
    },
  }
  const probe: PushWorld['probe'] = {
    look: async () => ({ ...WANTED, stampedAt: 1 as never, versions: new Map() }),
  }
  const target = { host: '127.0.0.1', sshPort: 1, httpPort: 1, user: 'u', hostKey: 'k' }
  const draws = Object.keys(answers).map((_, at) => at / 10)
  return new Pusher(
    { trigger, probe, clock: systemClock, policy: POLICY, draw: () => draws.shift() ?? 0.99 },
    {
      self: 'rsync1',
      journal: { append: async () => {} },
      targets: Object.keys(answers).map((name) => ({ ...target, name })),
    },
  )
}

test('one mirror goes first, and when it serves the release all others get it, each once', async () => {
  const called: string[] = []
  await using pusher = pusherTo({ a: 0, b: 0, c: 0, d: 0 }, called)
  const end = await pusher.push(WANTED, () => {})
  assert.equal(called[0], 'a')
  assert.deepEqual(called.toSorted(), ['a', 'b', 'c', 'd'])
  assert.deepEqual(end.acknowledged.toSorted(), ['a', 'b', 'c', 'd'])
  assert.equal(end.held, undefined)
})

test('field-notes 1.18: two that refuse it hold it, and nobody else is called', async () => {
  const called: string[] = []
  await using pusher = pusherTo({ a: 1, b: 'away', c: 1, d: 0, e: 0 }, called)
  const end = await pusher.push(WANTED, () => {})
  assert.deepEqual(called, ['a', 'b', 'c'])
  assert.match(end.held ?? '', /a and c went first and would not have it/)
  assert.deepEqual(end.waiting, ['a', 'b', 'c', 'd', 'e'])
})

test('one mirror that is broken itself holds up nobody', async () => {
  const called: string[] = []
  await using pusher = pusherTo({ a: 1, b: 0, c: 0, d: 0 }, called)
  const end = await pusher.push(WANTED, () => {})
  assert.equal(end.held, undefined)
  assert.deepEqual(end.acknowledged.toSorted(), ['b', 'c', 'd'])
})

test('what a mirror was seen serving needs no canary', async () => {
  const called: string[] = []
  await using pusher = pusherTo({ a: 0, b: 1, c: 1, d: 0 }, called)
  await pusher.push(WANTED, () => {}, { only: ['a'] })
  called.length = 0
  const end = await pusher.push({ ...WANTED, generation: aGeneration(6) }, () => {}, {
    triesToReport: 1,
  })
  assert.equal(end.held, undefined)
  assert.equal(new Set(called).size, 4)
})

test('mirrors whose window is closed do not go first, so those that do can still hold a release', async () => {
  const called: string[] = []
  await using pusher = pusherTo({ a: 0, b: 0, c: 0, d: 1, e: 1, f: 0, g: 0 }, called)
  const minute = Math.floor(Date.now() / 60_000) % 1440
  const closed = { from: (minute + 600) % 1440, until: (minute + 660) % 1440 }
  const target = { host: '127.0.0.1', sshPort: 1, httpPort: 1, user: 'u', hostKey: 'k' }
  pusher.setTargets(
    ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => ({
      ...target,
      name,
      window: name < 'd' ? closed : undefined,
    })),
  )
  const end = await pusher.push(WANTED, () => {})
  assert.deepEqual(called, ['d', 'e'])
  assert.match(end.held ?? '', /d and e went first and would not have it/)
  assert.deepEqual(pusher.due, [])
})
