import { ok } from '#base/outcome.ts'
import { describePoint, type Point, type Verdict } from '#core/inspection/index.ts'
import type { MirrorRecord } from '#core/mirrors/index.ts'
import { CommandEnd, EXIT, say, sayJson } from '../../io.ts'
import { inspect } from './inspect.ts'
import { granted, type Office, openOffice } from './office.ts'
import type { OfficeFlags } from './options.ts'

export async function check(name: string, flags: OfficeFlags): Promise<void> {
  await using office = await openOffice(flags.config)
  const { record, points, verdict } = await checkMirror(office, name, flags.json !== true)
  if (flags.json === true) {
    sayJson({
      mirror: name,
      stage: record.stage,
      good: verdict.kind === 'good',
      points: points.map(shown),
    })
  } else say(`${name}: ${verdict.kind}; it is "${record.stage}" now`)
  if (verdict.kind === 'bad') {
    throw new CommandEnd(EXIT.refused, `${name}: ${verdict.reasons.length} point(s) are not well`)
  }
}

/** Looks, tells each point, and keeps the result. */
export async function checkMirror(
  office: Office,
  name: string,
  isTold: boolean,
): Promise<{
  readonly record: MirrorRecord
  readonly points: readonly Point[]
  readonly verdict: Verdict
}> {
  const mirror = granted(await office.registrar.mirror(name))
  const { points, verdict } = await inspect(office, mirror, isTold)
  if (isTold) for (const point of points) say(`  ${mark(point)} ${describePoint(point)}`)
  const record = granted(
    await office.registrar.act(name, {
      what: verdict.kind === 'good' ? 'checked' : 'check-failed',
      why: verdict.kind === 'good' ? [] : verdict.reasons,
      event: () =>
        ok(
          verdict.kind === 'good'
            ? { kind: 'check-good', reason: 'every point that was tried is good' }
            : { kind: 'check-bad', reason: verdict.reasons.join('\n') },
        ),
    }),
  )
  return { record, points, verdict }
}

function mark({ finding }: Point): string {
  return { yes: '+', no: '-', 'not-tried': '?' }[finding.kind]
}

function shown({ name, at, finding }: Point): unknown {
  return { point: name, at, ...finding }
}
