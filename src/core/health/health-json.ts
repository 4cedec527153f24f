import {
  branded,
  byKind,
  flag,
  type JsonReader,
  jsonCodec,
  listOf,
  object,
  oneOf,
  optional,
  text,
  whole,
} from '#base/json.ts'
import { generation, serial } from '#base/names.ts'
import { epochMs, epochSeconds } from '#base/time.ts'
import { DAY_STATES, type MirrorHealth, SIGHT_FAULTS } from './types.ts'

/** How a mirror's health is kept between rounds, and after a restart of the monitor. */

/** Guess: far more than a mirror has. */
const ADDRESSES_MAX = 64
const DAYS_MAX = 14
const ADDRESS_CHARS_MAX = 255
const COUNT_MAX = Number.MAX_SAFE_INTEGER

const time = branded(
  (value) => (Number.isSafeInteger(value) ? epochMs(value) : undefined),
  'a time',
)
const seconds = branded(
  (value) => (Number.isSafeInteger(value) ? epochSeconds(value) : undefined),
  'a time in seconds',
)
const count = whole(0, COUNT_MAX)

const good = {
  serial: branded(serial, 'a serial'),
  generation: branded(generation, 'a generation'),
  stampedAt: seconds,
  tookMs: count,
}

const health: JsonReader<MirrorHealth> = object({
  addresses: listOf(
    object({
      address: text(ADDRESS_CHARS_MAX),
      isUp: flag,
      upSince: time,
      triedAt: time,
      goodInARow: count,
      badInARow: count,
      last: byKind({ good, bad: { fault: oneOf(SIGHT_FAULTS), reason: text() } }),
      lastGood: optional(object({ kind: oneOf(['good']), ...good, at: time })),
    }),
    ADDRESSES_MAX,
  ),
  freshAt: optional(time),
  days: listOf(object({ day: count, good: count, bad: count, worst: oneOf(DAY_STATES) }), DAYS_MAX),
})

export const healthCodec = jsonCodec(health)
