/** What is looked at on a mirror before it serves anybody (R32–R46, R66–R72), and what came out. */

export const POINTS = [
  'ssh port',
  'host key',
  'web port',
  'names',
  'no redirect',
  'missing files',
  'range',
  'conditional',
  'speed',
  'sync',
  'timestamp',
  'local files',
] as const
export type PointName = (typeof POINTS)[number]

export type Finding =
  | { readonly kind: 'yes'; readonly seen: string }
  | { readonly kind: 'no'; readonly seen: string; readonly advice: string }
  | { readonly kind: 'not-tried'; readonly why: string }

export interface Point {
  readonly name: PointName
  /** An address, or the host that is called by ssh. */
  readonly at: string
  readonly finding: Finding
}

export const yes = (seen: string): Finding => ({ kind: 'yes', seen })
export const no = (seen: string, advice: string): Finding => ({ kind: 'no', seen, advice })
export const notTried = (why: string): Finding => ({ kind: 'not-tried', why })

/** `range at 193.0.6.1: yes, 206 with 512 bytes`. */
export function describePoint({ name, at, finding }: Point): string {
  const what = `${name} at ${at}`
  switch (finding.kind) {
    case 'yes':
      return `${what}: yes, ${finding.seen}`
    case 'no':
      return `${what}: no, ${finding.seen}; ${finding.advice}`
    case 'not-tried':
      return `${what}: not tried, ${finding.why}`
  }
}

export type Verdict =
  | { readonly kind: 'good' }
  | { readonly kind: 'bad'; readonly reasons: readonly string[] }

/** `mustSync`: the mirror has its login, so a full sync belongs to the check. What was not tried is no fault otherwise. */
export function verdictOf(points: readonly Point[], mustSync: boolean): Verdict {
  const bad = points.filter(
    ({ name, finding }) =>
      finding.kind === 'no' ||
      (finding.kind === 'not-tried' && mustSync && (name === 'sync' || name === 'timestamp')),
  )
  return bad.length === 0 ? { kind: 'good' } : { kind: 'bad', reasons: bad.map(describePoint) }
}
