import { describeCvdFault, type OuterExamination } from '#formats/cvd/index.ts'
import { EXIT, type ExitStatus } from '../../io.ts'

/** What a command says about one database. `unsigned`: a `.cud` whose sums all hold, which proves no sender. */
export type Verdict =
  | { readonly kind: 'verified'; readonly signedBy: string }
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'not-verified'; readonly reasons: readonly string[] }

export function verdictOn({ faults, signedBy }: OuterExamination): Verdict {
  if (faults.length > 0) return { kind: 'not-verified', reasons: faults.map(describeCvdFault) }
  return signedBy === undefined ? { kind: 'unsigned' } : { kind: 'verified', signedBy }
}

/** Fails closed: an unsigned database passes only where the caller asked for that. */
export function statusOf(verdict: Verdict, unsignedAccepted: boolean): ExitStatus {
  if (verdict.kind === 'verified') return EXIT.done
  return verdict.kind === 'unsigned' && unsignedAccepted ? EXIT.done : EXIT.refused
}

export function verdictText(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'verified':
      return `verified, signed by ${verdict.signedBy}`
    case 'unsigned':
      return 'unsigned; all sums hold'
    case 'not-verified':
      return `NOT verified (${verdict.reasons.length} reason${verdict.reasons.length === 1 ? '' : 's'})`
  }
}

/** Why the exit status is 1, one line each; none when it is 0. */
export function reasonsFor(verdict: Verdict, unsignedAccepted: boolean): readonly string[] {
  if (verdict.kind === 'not-verified') return verdict.reasons
  if (verdict.kind === 'verified' || unsignedAccepted) return []
  return ['nobody has signed it, as is usual for a .cud (--unsigned accepts that)']
}
