import { type EpochMs, rfc3339, toSeconds } from '#base/time.ts'
import { type Downtime, isInService, type MirrorRecord } from '../mirrors/index.ts'
import { type Letter, letterId, letterText, oneLine } from './letter.ts'

/** What is announced on the operators' list beforehand (R69, R83–R85). */
export type Duty =
  | {
      readonly kind: 'downtime' | 'downtime-over'
      readonly mirror: string
      readonly downtime: Downtime
    }
  | {
      readonly kind: 'addresses'
      readonly mirror: string
      readonly before: readonly string[]
      readonly now: readonly string[]
    }
  | { readonly kind: 'host-key'; readonly mirror: string; readonly key: string }
  | { readonly kind: 'joined' | 'left'; readonly mirror: string; readonly country: string }

/** What changed between two states of one record that other operators want to know. Of applicants they need not. */
export function dutiesBetween(
  before: MirrorRecord | undefined,
  after: MirrorRecord,
): readonly Duty[] {
  const { name: mirror, country } = after
  const duties: Duty[] = []
  if (before === undefined || !(isInService(before) || isInService(after))) return []
  duties.push(...downtimesBetween(before, after))
  if (before.addresses.join() !== after.addresses.join()) {
    duties.push({ kind: 'addresses', mirror, before: before.addresses, now: after.addresses })
  }
  if (before.hostKey !== undefined && after.hostKey !== undefined) {
    if (before.hostKey !== after.hostKey) {
      duties.push({ kind: 'host-key', mirror, key: after.hostKey })
    }
  }
  if (before.stage === 'tested' && after.stage === 'listed') {
    duties.push({ kind: 'joined', mirror, country })
  }
  if (after.stage === 'retired') {
    duties.push({ kind: 'left', mirror, country })
  }
  return duties
}

/** No two of one mirror begin at the same time. One that was planned and is gone, or ends earlier, is over. */
function downtimesBetween(before: MirrorRecord, after: MirrorRecord): readonly Duty[] {
  const { name: mirror } = after
  const known = new Set(before.downtimes.map(({ from }) => from))
  const added = after.downtimes.filter(({ from }) => !known.has(from))
  // With a new one those that are long past are forgotten, and that is no news.
  if (added.length > 0) return added.map((downtime) => ({ kind: 'downtime', mirror, downtime }))
  const still = new Set(after.downtimes.map(({ from, until }) => `${from}-${until}`))
  return before.downtimes
    .filter(({ from, until }) => !still.has(`${from}-${until}`))
    .map((downtime) => ({ kind: 'downtime-over', mirror, downtime }))
}

export function dutyLetter(duty: Duty, zone: string, at: EpochMs): Letter {
  const [title, lines] = words(duty)
  return {
    id: letterId('duty', duty.kind, duty.mirror, JSON.stringify(duty)),
    thread: [],
    to: [{ kind: 'list', list: 'mirrors' }],
    at,
    subject: oneLine(`[${zone}] ${title}`),
    text: letterText(zone, lines),
  }
}

function words(duty: Duty): readonly [string, readonly string[]] {
  const { mirror } = duty
  switch (duty.kind) {
    case 'downtime': {
      const from = rfc3339(toSeconds(duty.downtime.from))
      const until = rfc3339(toSeconds(duty.downtime.until))
      return [
        `Planned downtime of ${mirror}`,
        [
          `${mirror} will be down from ${from} until ${until}.`,
          `Reason: ${duty.downtime.reason}`,
          'Clients are sent elsewhere meanwhile, and nobody is warned about it.',
        ],
      ]
    }
    case 'downtime-over': {
      const from = rfc3339(toSeconds(duty.downtime.from))
      const until = rfc3339(toSeconds(duty.downtime.until))
      return [
        `No more downtime of ${mirror}`,
        [`Its downtime from ${from} until ${until} is over, or called off.`],
      ]
    }
    case 'addresses':
      return [
        `New addresses of ${mirror}`,
        [`Before: ${duty.before.join(', ')}.`, `Now: ${duty.now.join(', ')}.`],
      ]
    case 'host-key':
      return [
        `New ssh host key of ${mirror}`,
        ['Masters accept this key from now on, and no other:', `  ${duty.key}`],
      ]
    case 'joined':
      return [`Welcome ${mirror}`, [`${mirror} (${duty.country}) has joined the mirrors.`]]
    case 'left':
      return [
        `Farewell ${mirror}`,
        [`${mirror} (${duty.country}) has left the mirrors. Thank you.`],
      ]
  }
}
