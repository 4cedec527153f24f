export { changesBetween, type MemberSet } from './from-members.ts'
export { changesOfScript, type ReadMember } from './from-script.ts'
export { SIGNATURE_KINDS, type SignatureKind } from './signature-name.ts'
export {
  type Changes,
  type KindChanges,
  NAMES_COUNTED_MAX,
  NAMES_KEPT_MAX,
  type NamedCount,
  totalsOf,
} from './tally.ts'
export { changesInWords } from './words.ts'
