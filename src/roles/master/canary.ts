import { afterCanaries, type CanaryEnd, type Wanted } from '#core/push/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { PushEvent, PushLine } from './push-line.ts'

/** Longer the others do not wait for the first: it may be on a slow line. Guess. */
const CANARY_MS_MAX = 30_000

/** A line that was busy with an older state ends that first. */
export function isOfOlder(event: PushEvent, wanted: Wanted): boolean {
  return event.kind === 'acknowledged' && event.wanted.generation < wanted.generation
}

/** Pushes to one mirror and tells how it took the release. Its line goes on with its retries. */
export async function askCanary(
  line: PushLine,
  wanted: Wanted,
  onEvent: (event: PushEvent) => void,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<CanaryEnd> {
  const { promise, resolve } = Promise.withResolvers<CanaryEnd>()
  const over = new AbortController()
  const unlisten = line.want(wanted, (event) => {
    if (isOfOlder(event, wanted)) return
    onEvent(event)
    if (event.kind === 'acknowledged') resolve('serves')
    if (event.kind === 'postponed') resolve('failed')
    if (event.kind === 'failed') resolve(event.isRefusal ? 'refused' : 'failed')
  })
  const late = AbortSignal.any([over.signal, signal])
  clock.sleep(CANARY_MS_MAX, late).then(
    () => resolve('slow'),
    () => resolve('failed'),
  )
  try {
    return await promise
  } finally {
    over.abort(new Error('The canary has ended'))
    unlisten()
  }
}

export interface CanaryReport {
  readonly served: readonly string[]
  /** Why the others may not be pushed to. */
  readonly held: string | undefined
}

/** One after the other, until it is clear what they think of it. */
export async function askInTurn(
  names: readonly string[],
  ask: (name: string) => Promise<CanaryEnd>,
): Promise<CanaryReport> {
  const ends = new Map<string, CanaryEnd>()
  const step = () => afterCanaries([...ends.values()], names.length).kind
  for (const name of names) {
    if (step() !== 'try-another') break
    ends.set(name, await ask(name))
  }
  const those = (wanted: CanaryEnd) => names.filter((name) => ends.get(name) === wanted)
  const held = `${those('refused').join(' and ')} went first and would not have it`
  return { served: those('serves'), held: step() === 'hold' ? held : undefined }
}
