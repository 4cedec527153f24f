import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { epochSeconds } from '#base/time.ts'
import type { ResourceRecord } from '#formats/dns-message/index.ts'
import { parseUpdateRecord } from '#formats/update-record/index.ts'
import { aSnapshot, NOW } from '../../../test/support/zone.ts'
import {
  contentDigest,
  DEFAULT_AUTHORITY,
  DEFAULT_POLICY,
  decideSerial,
  isSerialAfter,
  type NamedContent,
  serialsCodec,
  staticRecords,
  type ZoneSerials,
} from './index.ts'

const hex = (content: number) => content.toString(16).padStart(64, '0')
const named = (...all: readonly (readonly [number, number])[]): ZoneSerials => ({
  named: all.map(([serial, content]) => ({ serial, digest: hex(content) })),
})
const told = (serial: number, content: number): NamedContent => ({ serial, digest: hex(content) })

const CASES: readonly (readonly [
  string,
  ZoneSerials,
  number,
  NamedContent | undefined,
  'take' | 'claim',
  number,
])[] = [
  ['the first of all takes the second of its clock', named(), 1, undefined, 'claim', 500],
  ['the next finds it', named([500, 1]), 1, undefined, 'take', 500],
  ['a change is a higher one', named([500, 1]), 2, told(500, 1), 'claim', 501],
  ['also when the clock stands behind', named([900, 1]), 2, told(900, 1), 'claim', 901],
  [
    'who is late takes what another claimed',
    named([500, 1], [501, 2]),
    2,
    told(500, 1),
    'take',
    501,
  ],
  ['what came back is new', named([500, 1], [501, 2]), 1, told(501, 2), 'claim', 502],
  [
    'and whoever missed that it was gone follows',
    named([501, 2], [502, 1]),
    1,
    told(500, 1),
    'take',
    502,
  ],
  [
    'another’s content does not drive ours',
    named([500, 1], [501, 2]),
    1,
    told(500, 1),
    'take',
    500,
  ],
  ['nor when ours is long forgotten', named([501, 2], [502, 3]), 1, told(500, 1), 'take', 500],
  ['a store that was restored is told again', named([400, 7]), 1, told(500, 1), 'claim', 500],
  ['an empty one too', named(), 1, told(600, 1), 'claim', 600],
  ['one that knows ours lower', named([400, 1], [401, 7]), 1, told(500, 1), 'claim', 500],
  ['one that gave ours to another', named([500, 7]), 1, told(500, 1), 'claim', 501],
  ['never below what was told', named([400, 7], [401, 1]), 7, told(600, 1), 'claim', 601],
  ['over the end', named([0xffff_ffff, 1]), 2, told(0xffff_ffff, 1), 'claim', 500],
  [
    'over the end, and the clock is behind',
    named([0x8000_0100, 1]),
    2,
    undefined,
    'claim',
    0x8000_0101,
  ],
]
for (const [situation, known, content, own, kind, serial] of CASES) {
  test(`serials: ${situation}`, () => {
    const decision = decideSerial(known, hex(content), own, 500)
    assert.deepEqual([decision.kind, decision.serial], [kind, serial])
    if (decision.kind === 'claim') {
      assert.deepEqual(decision.next.named.at(-1), told(serial, content))
      assert.deepEqual(serialsCodec.parse(serialsCodec.print(decision.next)), {
        ok: true,
        value: decision.next,
      })
    }
  })
}

/** What one of the servers does; reading and writing are two steps, so that others come between. */
const step = fc.record({
  server: fc.nat({ max: 3 }),
  /** What it sees from now on; undefined: what it saw. */
  content: fc.option(fc.nat({ max: 5 }), { nil: undefined }),
  does: fc.constantFrom('read' as const, 'write' as const, 'both' as const),
  seconds: fc.nat({ max: 2 }),
})

interface Server {
  content: number
  told: NamedContent | undefined
  read:
    | { readonly value: ZoneSerials; readonly revision: number; readonly content: number }
    | undefined
}

class World {
  readonly servers: Server[] = Array.from({ length: 4 }, () => ({
    content: 0,
    told: undefined,
    read: undefined,
  }))
  readonly owners = new Map<number, string>()
  readonly first: number
  record = { value: named(), revision: 0 }
  seconds: number

  constructor(first: number) {
    this.first = first
    this.seconds = first
  }

  read(server: Server): void {
    server.read = { ...this.record, content: server.content }
  }

  write(server: Server): void {
    if (server.read === undefined) return
    const { value, revision, content } = server.read
    server.read = undefined
    const decision = decideSerial(value, hex(content), server.told, this.seconds)
    if (decision.kind === 'claim') {
      if (revision !== this.record.revision) return
      this.record = { value: decision.next, revision: revision + 1 }
    }
    const { serial } = decision
    assert.ok(server.told === undefined || !isSerialAfter(server.told.serial, serial), 'went down')
    const owner = this.owners.get(serial)
    assert.ok(owner === undefined || owner === hex(content), `${serial} names two contents`)
    this.owners.set(serial, hex(content))
    server.told = { serial, digest: hex(content) }
  }

  both(server: Server): void {
    this.read(server)
    this.write(server)
  }
}

test('law: no serial goes down, none names two contents, and who has the same content ends with the same one', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(500, 0x7fff_fff0, 0xffff_fff0),
      fc.array(step, { maxLength: 120 }),
      (first, steps) => {
        const world = new World(first)
        for (const { server: at, content, does, seconds } of steps) {
          const server = world.servers[at] ?? assert.fail('a server')
          world.seconds = (world.seconds + seconds) >>> 0
          server.content = content ?? server.content
          world[does](server)
        }
        // Nothing changes any more; everybody confirms twice.
        for (const server of [...world.servers, ...world.servers]) world.both(server)
        const before = world.record.revision
        const serials = new Map<number, number | undefined>()
        for (const server of world.servers) {
          const known = serials.get(server.content)
          assert.ok(known === undefined || known === server.told?.serial, 'they do not agree')
          serials.set(server.content, server.told?.serial)
        }
        for (const server of world.servers) world.both(server)
        assert.equal(world.record.revision, before, 'two of them drive each other')
      },
    ),
    { numRuns: 2000 },
  )
})

test('law: a store that was restored is overtaken, and they agree again', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat({ max: 60 }), (steps, restoredAt) => {
      const world = new World(500)
      let backup = world.record
      for (const [at, { server: number, content, does, seconds }] of steps.entries()) {
        const server = world.servers[number] ?? assert.fail('a server')
        // Claims come a second apart or later: only the clock knows what a restored store forgot.
        world.seconds += seconds + 2
        if (at === Math.floor(restoredAt / 2)) backup = world.record
        if (at === restoredAt) world.record = { ...backup, revision: world.record.revision + 1 }
        server.content = content ?? server.content
        world[does](server)
      }
      for (let round = 0; round < 3; round += 1) {
        for (const server of world.servers) {
          world.seconds += 2
          world.both(server)
        }
      }
      const serials = new Map(world.servers.map((one) => [one.content, one.told?.serial]))
      for (const server of world.servers) {
        assert.equal(serials.get(server.content), server.told?.serial)
      }
    }),
    { numRuns: 1000 },
  )
})

test('the same digest and serial is the same zone to the byte, heard of a minute earlier or later', () => {
  const at = (seconds: number) => aSnapshot({ heardAt: epochSeconds(NOW - (NOW % 900) + seconds) })
  assert.equal(contentDigest(at(0)), contentDigest(at(899)))
  assert.deepEqual(staticRecords(at(0)), staticRecords(at(899)))
  assert.notEqual(contentDigest(at(0)), contentDigest(at(900)))
  assert.notDeepEqual(staticRecords(at(0)), staticRecords(at(900)))
  assert.equal(contentDigest({ ...at(0), serial: 43 }), contentDigest(at(0)))
  assert.notEqual(contentDigest({ ...at(0), masters: [] }), contentDigest(at(0)))
  const { policy } = at(0)
  assert.notEqual(
    contentDigest({ ...at(0), policy: { ...policy, addressesMax: 7 } }),
    contentDigest(at(0)),
  )
})

test('a secondary’s update record stays younger than an hour, also when it hears of changes only by asking', () => {
  const times = Array.from({ length: 121 }, (_, at) => {
    const heardAt = epochSeconds(NOW - (NOW % 900) + at * 15 - 1)
    return heardAt - timeIn(staticRecords(aSnapshot({ heardAt })))
  })
  const seenAfter = 60
  const { refresh } = DEFAULT_AUTHORITY
  const { records } = DEFAULT_POLICY.ttl
  assert.ok(Math.max(...times) + seenAfter + refresh + records < 3600)
})

function timeIn(records: readonly ResourceRecord[]): number {
  const record = records.find(({ name }) => name.startsWith('current.cvd.'))
  assert.ok(record?.data.kind === 'txt')
  const parsed = parseUpdateRecord(Buffer.from(record.data.strings[0] ?? []).toString('latin1'))
  assert.ok(parsed.ok)
  return parsed.value.createdAt
}
