import { describeCvdFault, type OuterExamination } from '#formats/cvd/index.ts'
import { describeLostZeros, type KeyRole } from '#formats/dsig/index.ts'
import { EXIT, type ExitStatus } from '../../io.ts'

/** What a command says about one database. `unsigned`: a `.cud` whose sums all hold, which proves no sender. */
export type Verdict =
  | { readonly kind: 'verified'; readonly signedBy: string }
  /** Every signature holds, and engines 1.1 to 1.4 call one of them incorrect. */
  | {
      readonly kind: 'refused-by-engines'
      readonly signedBy: string
      readonly reasons: readonly string[]
    }
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'not-verified'; readonly reasons: readonly string[] }

/** `zerosLost` is of no account to who only reads: what is inside is genuine all the same. */
export function verdictOn(
  { faults, signedBy }: OuterExamination,
  zerosLost: readonly KeyRole[] = [],
): Verdict {
  if (faults.length > 0) return { kind: 'not-verified', reasons: faults.map(describeCvdFault) }
  if (signedBy === undefined) return { kind: 'unsigned' }
  if (zerosLost.length === 0) return { kind: 'verified', signedBy }
  return { kind: 'refused-by-engines', signedBy, reasons: zerosLost.map(describeLostZeros) }
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
    case 'refused-by-engines':
      return refusedText(verdict.signedBy)
    case 'unsigned':
      return 'unsigned; all sums hold'
    case 'not-verified':
      return `NOT verified (${verdict.reasons.length} reason${verdict.reasons.length === 1 ? '' : 's'})`
  }
}

export function refusedText(signedBy: string): string {
  return `signed by ${signedBy}, but engines 1.1 to 1.4 REFUSE it`
}

/** Why the exit status is 1, one line each; none when it is 0. */
export function reasonsFor(verdict: Verdict, unsignedAccepted: boolean): readonly string[] {
  if ('reasons' in verdict) return verdict.reasons
  if (verdict.kind === 'verified' || unsignedAccepted) return []
  return ['nobody has signed it, as is usual for a .cud (--unsigned accepts that)']
}
