/**
 * The life of a mirror (R61–R62, R73–R76, R83–R85, R112–R113), as a table: what may happen at which stage, and where it
 * leads. What may not happen has its reason, in words for whoever tried.
 *
 * ```
 * applied → checked → credentials → tested → listed ⇄ old → removed → listed
 *     ↘ refused ↗ (may apply again)            ↘ suspended → removed      any → retired
 * ```
 *
 * A planned downtime is no stage and lies over one. Coming back from `suspended` leads to `removed`, because a mirror is
 * believed only after a row of good looks (field-notes 1.21).
 */
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { MirrorStage } from './record.ts'

export const MIRROR_EVENTS = [
  'apply-again',
  'check-good',
  'check-bad',
  'approve',
  'refuse',
  'fall-behind',
  'stay-behind',
  'recover',
  'pause',
  'resume',
  'suspend',
  'reinstate',
  'retire',
  'move-address',
  'new-host-key',
  'limit-push',
] as const
export type MirrorEventKind = (typeof MIRROR_EVENTS)[number]

type Leads = Readonly<Partial<Record<MirrorStage, MirrorStage>>>

/** `stay` is where the event is allowed and the stage does not change. */
const stay = (...stages: readonly MirrorStage[]): Leads =>
  Object.fromEntries(stages.map((stage) => [stage, stage]))

const HAS_LOGIN: readonly MirrorStage[] = ['credentials', 'tested', 'listed', 'old', 'removed']
const ALIVE: readonly MirrorStage[] = ['applied', 'checked', ...HAS_LOGIN, 'suspended']

const LEADS: Readonly<Record<MirrorEventKind, Leads>> = {
  'apply-again': { refused: 'applied', retired: 'applied' },
  // The full check of a mirror that has its login includes a sync with it.
  'check-good': {
    ...stay('checked', 'tested', 'listed', 'old', 'removed', 'suspended'),
    applied: 'checked',
    credentials: 'tested',
  },
  // In service only the monitor puts a mirror down: it looks more than once.
  'check-bad': {
    ...stay('applied', 'credentials', 'listed', 'old', 'removed', 'suspended'),
    checked: 'applied',
    tested: 'credentials',
  },
  approve: { applied: 'credentials', checked: 'credentials', tested: 'listed' },
  refuse: { applied: 'refused', checked: 'refused', credentials: 'refused', tested: 'refused' },
  'fall-behind': { listed: 'old' },
  'stay-behind': { old: 'removed' },
  recover: { old: 'listed', removed: 'listed' },
  pause: stay(...HAS_LOGIN),
  resume: stay(...HAS_LOGIN, 'suspended'),
  suspend: { listed: 'suspended', old: 'suspended', removed: 'suspended' },
  reinstate: { suspended: 'removed' },
  retire: Object.fromEntries(ALIVE.map((stage) => [stage, 'retired'])),
  'move-address': stay(...ALIVE),
  'new-host-key': stay(...ALIVE),
  'limit-push': stay(...ALIVE),
}

/** What a stage means, to be read behind the mirror's name. */
const STANDS: Readonly<Record<MirrorStage, string>> = {
  applied: 'has applied and was not checked yet',
  checked: 'is checked and waits for an approval',
  credentials: 'has its login and was not seen syncing yet',
  tested: 'is tested and waits to be listed',
  listed: 'is listed',
  old: 'is listed as old',
  removed: 'is removed until it is healthy again',
  suspended: 'is suspended by the team',
  retired: 'is retired',
  refused: 'was refused',
}

const OVER = 'to begin again, add it again'

/** What to do instead; by stage where it differs. */
const INSTEAD: Readonly<
  Record<
    MirrorEventKind,
    Readonly<Partial<Record<MirrorStage, string>>> & { readonly else: string }
  >
> = {
  'apply-again': { else: 'only one that was refused or is retired can be added again' },
  'check-good': { else: OVER },
  'check-bad': { else: OVER },
  approve: {
    credentials: 'check it first: it is listed after a sync with its login was seen',
    suspended: 'resume it instead',
    retired: OVER,
    refused: OVER,
    else: 'there is nothing left to approve',
  },
  refuse: {
    suspended: 'remove it for good instead',
    retired: OVER,
    refused: 'that was said already',
    else: 'one that was listed is suspended or removed, not refused',
  },
  'fall-behind': { else: 'only a listed mirror falls behind' },
  'stay-behind': { else: 'only an old mirror is removed for staying so' },
  recover: { else: 'only an old or removed mirror comes back by itself' },
  pause: {
    suspended: 'resume it first, it gets no clients now',
    retired: OVER,
    refused: OVER,
    else: 'nobody is sent to it yet, so there is nothing to pause',
  },
  resume: { retired: OVER, refused: OVER, else: 'there is nothing to resume' },
  suspend: {
    suspended: 'that was done already',
    retired: OVER,
    refused: OVER,
    else: 'refuse it instead, it is not listed yet',
  },
  reinstate: { else: 'only a suspended mirror can be taken back' },
  retire: { retired: 'that was done already', else: 'there is nothing to remove' },
  'move-address': { else: OVER },
  'new-host-key': { else: OVER },
  'limit-push': { else: OVER },
}

/** Where the event leads, or why it may not happen: `is listed; one that was listed is …`. */
export function nextStage(
  stage: MirrorStage,
  event: MirrorEventKind,
): Outcome<MirrorStage, string> {
  const next = LEADS[event][stage]
  if (next !== undefined) return ok(next)
  return fail(`${STANDS[stage]}; ${INSTEAD[event][stage] ?? INSTEAD[event].else}`)
}

export function describeStage(stage: MirrorStage): string {
  return STANDS[stage]
}
