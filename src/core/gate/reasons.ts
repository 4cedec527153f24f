import { unreachable } from '#base/outcome.ts'
import { describeLostZeros, type KeyRole } from '#formats/dsig/index.ts'

/** Why the gate says no. Each names the file, and what about it (promise 9). */
export type GateReason =
  | { readonly kind: 'nothing-uploaded' }
  | { readonly kind: 'not-a-signature-file'; readonly file: string; readonly hint: string }
  | { readonly kind: 'damaged'; readonly file: string; readonly fault: string }
  | { readonly kind: 'wrong-content'; readonly file: string; readonly member: string }
  | { readonly kind: 'not-yours'; readonly file: string; readonly database: string }
  /** A genuine signature that most engines refuse. */
  | { readonly kind: 'zeros-lost'; readonly file: string; readonly of: KeyRole }
  | VersionReason
  | PatchReason
  | SetReason
  | SignReason

export type VersionReason =
  | {
      readonly kind: 'older-version'
      readonly file: string
      readonly version: number
      readonly published: number
    }
  | { readonly kind: 'same-version-other-bytes'; readonly file: string; readonly version: number }
  | { readonly kind: 'build-times-differ'; readonly file: string; readonly bySeconds: number }
  | { readonly kind: 'built-in-future'; readonly file: string; readonly bySeconds: number }
  | {
      readonly kind: 'built-no-later'
      readonly file: string
      readonly published: number
      readonly builtAt: number
    }

export type PatchReason =
  | { readonly kind: 'patch-without-database'; readonly file: string; readonly database: string }
  | { readonly kind: 'patch-without-base'; readonly file: string }
  | {
      readonly kind: 'patch-out-of-line'
      readonly file: string
      readonly from: number
      readonly to: number
    }
  | { readonly kind: 'patch-by-other-publisher'; readonly file: string; readonly signedBy: string }
  | { readonly kind: 'patch-leads-elsewhere'; readonly file: string; readonly reason: string }
  | { readonly kind: 'patch-missing'; readonly file: string; readonly wanted: string }

export type SignReason =
  | { readonly kind: 'sign-not-verifiable'; readonly file: string }
  | { readonly kind: 'sign-of-nothing'; readonly file: string; readonly of: string }
  | { readonly kind: 'sign-bad'; readonly file: string; readonly reason: string }
  | { readonly kind: 'sign-missing'; readonly file: string; readonly wanted: string }

export type SetReason =
  | { readonly kind: 'outside-a-set'; readonly file: string }
  | { readonly kind: 'set-unsigned'; readonly file: string }
  | { readonly kind: 'set-signature-bad'; readonly file: string; readonly reason: string }
  | { readonly kind: 'set-signed-by-other'; readonly file: string }
  | { readonly kind: 'set-file-missing'; readonly file: string; readonly listed: string }
  | { readonly kind: 'set-file-differs'; readonly file: string; readonly listed: string }
  | {
      readonly kind: 'set-file-of-other'
      readonly file: string
      readonly listed: string
      readonly owner: string
    }

const DECISION = 'docs/adr/0004-two-kinds-of-content.md'

/** One sentence for the sigmaker's terminal, the journal and the refused upload's `reasons.txt`. */
export function describeReason(reason: GateReason): string {
  return 'file' in reason ? `${reason.file}: ${words(reason)}` : words(reason)
}

function words(reason: GateReason): string {
  switch (reason.kind) {
    case 'nothing-uploaded':
      return 'nothing to release: public_html/ holds no complete file'
    case 'not-a-signature-file':
      return `not something this network carries; ${reason.hint}`
    case 'damaged':
      return reason.fault
    case 'wrong-content':
      return `its member "${reason.member}" does not belong to a database of this name`
    case 'not-yours':
      return `you may not release "${reason.database}"`
    case 'zeros-lost':
      return describeLostZeros(reason.of)
    case 'sign-not-verifiable':
    case 'sign-of-nothing':
    case 'sign-bad':
    case 'sign-missing':
      return signWords(reason)
    case 'older-version':
    case 'same-version-other-bytes':
    case 'build-times-differ':
    case 'built-in-future':
    case 'built-no-later':
      return versionWords(reason)
    case 'patch-without-database':
    case 'patch-without-base':
    case 'patch-out-of-line':
    case 'patch-by-other-publisher':
    case 'patch-leads-elsewhere':
    case 'patch-missing':
      return patchWords(reason)
    case 'outside-a-set':
    case 'set-unsigned':
    case 'set-signature-bad':
    case 'set-signed-by-other':
    case 'set-file-missing':
    case 'set-file-differs':
    case 'set-file-of-other':
      return setWords(reason)
    default:
      return unreachable(reason)
  }
}

function versionWords(reason: VersionReason): string {
  switch (reason.kind) {
    case 'older-version':
      return `version ${reason.version} is not above the published version ${reason.published}`
    case 'same-version-other-bytes':
      return `version ${reason.version} is published already, with other bytes`
    case 'build-times-differ':
      return `its header gives two build times that are ${reason.bySeconds} s apart`
    case 'built-in-future':
      return `its build time is ${reason.bySeconds} s in the future`
    case 'built-no-later':
      return `built at ${reason.builtAt}, not later than the published one (${reason.published}), so clients that ask by date would never see it`
    default:
      return unreachable(reason)
  }
}

function patchWords(reason: PatchReason): string {
  switch (reason.kind) {
    case 'patch-without-database':
      return `comes without the ${reason.database}.cvd it leads to`
    case 'patch-without-base':
      return 'there is no published version that it could lead from'
    case 'patch-out-of-line':
      return `is not a step on the way from the published version ${reason.from} to ${reason.to}`
    case 'patch-by-other-publisher':
      return `is signed by ${reason.signedBy}, but the database is not`
    case 'patch-leads-elsewhere':
      return `does not lead from the published version to the new one: ${reason.reason}`
    case 'patch-missing':
      return `comes without ${reason.wanted}, and its publisher always ships patches`
    default:
      return unreachable(reason)
  }
}

function signWords(reason: SignReason): string {
  switch (reason.kind) {
    case 'sign-not-verifiable':
      return 'no certificate authority is configured to check it against, and a wrong .sign locks out engines from 1.5 on; leave it out'
    case 'sign-of-nothing':
      return `signs ${reason.of}, and no database or patch of that name and version is uploaded or published`
    case 'sign-bad':
      return `engines from 1.5 on would not take it for good: ${reason.reason}`
    case 'sign-missing':
      return `comes without ${reason.wanted}, and its publisher always signs so`
    default:
      return unreachable(reason)
  }
}

function setWords(reason: SetReason): string {
  switch (reason.kind) {
    case 'outside-a-set':
      return `plain signature files and .cud travel in a signed set (NAME.set and NAME.set.sig); see ${DECISION}`
    case 'set-unsigned':
      return `its signature is missing: ssh-keygen -Y sign -n cvdnet-set -f YOUR_KEY ${reason.file}`
    case 'set-signature-bad':
      return `its signature does not hold: ${reason.reason}`
    case 'set-signed-by-other':
      return 'is signed with a key that is not yours'
    case 'set-file-missing':
      return `lists ${reason.listed}, which was not uploaded`
    case 'set-file-differs':
      return `lists another SHA-256 for ${reason.listed}`
    case 'set-file-of-other':
      return `lists ${reason.listed}, which belongs to "${reason.owner}"`
    default:
      return unreachable(reason)
  }
}
