import type { CvdInfo, OuterExamination } from '#formats/cvd/index.ts'
import { beginsWithZero, type KeyRole, type PublisherKeys } from '#formats/dsig/index.ts'

/** Which genuine signatures of a database engines 1.1 to 1.4 call incorrect: see `describeLostZeros`. */
export function lostZerosOf(
  { header, info, signedBy }: OuterExamination & { readonly info?: CvdInfo },
  publishers: readonly PublisherKeys[],
): readonly KeyRole[] {
  const keys = publishers.find(({ publisher }) => publisher === signedBy)
  if (keys === undefined) return []
  const roles: KeyRole[] = []
  if (header?.dsig !== undefined && header.md5?.startsWith('00') === true) roles.push('header')
  if (info?.dsig !== undefined && beginsWithZero(info.dsig, keys.info)) roles.push('info')
  return roles
}
