import { unreachable } from '#base/outcome.ts'
import type { KeyRole } from './publisher.ts'

/**
 * Engines 1.1 to 1.4 lose the zero bytes at the head of a signed number, in both schemes, and call a genuine signature
 * incorrect (formats.md 9, trap 3; shown with 1.4.6). A signature number that is itself short does no harm. Whoever
 * signs avoids it; a verification here does not mind, since what is published already must go on being served.
 */
export function describeLostZeros(role: KeyRole): string {
  switch (role) {
    case 'header':
      return `the MD5 that its header signs begins with 00, ${CONSEQUENCE}; build it again`
    case 'info':
      return `the signature of its list of members is genuine, but the signed message begins with 00, ${CONSEQUENCE}; build it again, so that it is signed with another salt`
    case 'patch':
      return `its signature is genuine, but the signed message begins with 00, ${CONSEQUENCE}; sign it again, with another salt`
    default:
      return unreachable(role)
  }
}

const CONSEQUENCE =
  'which engines 1.1 to 1.4 lose and then refuse the file ("Incorrect digital signature")'
