import { type EpochMs, rfc3339, toSeconds } from '#base/time.ts'
import type { Downtime, MirrorRecord } from '../mirrors/index.ts'
import { type Letter, letterId, letterText, oneLine } from './letter.ts'

/** What is announced on the operators' list beforehand (R69, R83–R85). */
export type Duty =
  | { readonly kind: 'downtime'; readonly mirror: string; readonly downtime: Downtime }
  | {
      readonly kind: 'addresses'
      readonly mirror: string
      readonly before: readonly string[]
      readonly now: readonly string[]
    }
  | { readonly kind: 'host-key'; readonly mirror: string; readonly key: string }
  | { readonly kind: 'joined' | 'left'; readonly mirror: string; readonly country: string }

/** What changed between two states of one record that other operators want to know. */
export function dutiesBetween(
  before: MirrorRecord | undefined,
  after: MirrorRecord,
): readonly Duty[] {
  const { name: mirror, country } = after
  const duties: Duty[] = []
  if (before === undefined) return []
  const known = new Set(before.downtimes.map(({ from, until }) => `${from}-${until}`))
  for (const downtime of after.downtimes) {
    if (!known.has(`${downtime.from}-${downtime.until}`)) {
      duties.push({ kind: 'downtime', mirror, downtime })
    }
  }
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
  if (before.stage !== 'retired' && after.stage === 'retired') {
    duties.push({ kind: 'left', mirror, country })
  }
  return duties
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
