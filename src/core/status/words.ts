import { oneLine } from '../notices/index.ts'
import type { MirrorStatus, Status } from './status.ts'

/** A status as lines for a terminal. Whatever a person or a mirror said is one clean line. */
export function statusInWords(status: Status): readonly string[] {
  return [
    `${status.zone} at ${status.at}`,
    '',
    ...releaseLines(status),
    '',
    ...mirrorLines(status),
    '',
    ...problemLines(status),
    '',
    ...nextLines(status),
  ]
}

function releaseLines({ release, mirrors }: Status): readonly string[] {
  if (release === null) return ['Nothing is published yet.']
  const { serial, generation, master, since, announced } = release
  const told =
    announced === null
      ? 'no release is announced'
      : `release ${announced.serial} is announced since ${announced.since}`
  return [
    `Release ${serial}, generation ${generation} of ${since}, by ${master}; ${told}.`,
    ...spread(mirrors).map(([carried, count]) => `  ${carried}: ${count}`),
  ]
}

/** Which serial how many mirrors carry, the newest first. */
function spread(mirrors: readonly MirrorStatus[]): readonly (readonly [string, string])[] {
  const counts = new Map<number, number>()
  for (const { addresses } of mirrors) {
    const serials = addresses.flatMap(({ serial }) => (serial === null ? [] : [serial]))
    if (serials.length === 0) continue
    const newest = Math.max(...serials)
    counts.set(newest, (counts.get(newest) ?? 0) + 1)
  }
  return [...counts]
    .toSorted(([a], [b]) => b - a)
    .map(([serial, count]) => [`release ${serial}`, plural(count, 'mirror')])
}

function mirrorLines({ mirrors }: Status): readonly string[] {
  if (mirrors.length === 0) return ['No mirrors.']
  const width = Math.max(...mirrors.map(({ name }) => name.length))
  return mirrors.map(({ name, stage, addresses, how }) => {
    const up = addresses.filter((one) => one.up).length
    const answering = `${up}/${addresses.length}`
    return `${oneLine(name).padEnd(width)}  ${stage.padEnd(11)} ${answering.padEnd(5)} ${oneLine(how, 200)}`
  })
}

function problemLines({ problems }: Status): readonly string[] {
  if (problems.length === 0) return ['No problems.']
  return problems.flatMap(({ title, since, cause }) => [
    `! ${oneLine(title)}, since ${since}`,
    ...cause.map((line) => `    ${oneLine(line, 300)}`),
  ])
}

function nextLines({ leases, waiting }: Status): readonly string[] {
  return [
    ...leases.map(({ name, holder, until }) => `${holder} holds "${name}" until ${until}`),
    ...waiting.map(({ queue, count, due, reason }) => {
      const why = reason === null ? '' : `; the last try: ${oneLine(reason, 200)}`
      return `${count} in queue "${queue}", the next due ${due}${why}`
    }),
  ]
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
