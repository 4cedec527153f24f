import { afterCanaries, type CanaryEnd, type Wanted } from '#core/push/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { PushEvent, PushLine } from './push-line.ts'

/** Longer the others do not wait for the first: it may be on a slow line. Guess. */
const CANARY_MS_MAX = 30_000

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
    onEvent(event)
    if (event.kind === 'acknowledged' && event.wanted.generation >= wanted.generation) {
      resolve('serves')
    }
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

/** Undefined when the others may be pushed to, or why they may not. */
export async function askInTurn(
  names: readonly string[],
  ask: (name: string) => Promise<CanaryEnd> | undefined,
): Promise<string | undefined> {
  const ends: CanaryEnd[] = []
  const refusing: string[] = []
  for (const name of names) {
    if (afterCanaries(ends, names.length).kind !== 'try-another') break
    const end = (await ask(name)) ?? 'failed'
    ends.push(end)
    if (end === 'refused') refusing.push(name)
  }
  if (afterCanaries(ends, names.length).kind !== 'hold') return undefined
  return `${refusing.join(' and ')} went first and would not have it`
}
