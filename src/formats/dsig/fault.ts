import { unreachable } from '#base/outcome.ts'

/** Why a signature is not one. */
export type SignatureFault =
  | { readonly kind: 'bad-signature-length'; readonly chars: number }
  | { readonly kind: 'bad-signature-character'; readonly at: number }
  /** Not a number below the modulus: no signer writes such a text. */
  | { readonly kind: 'signature-not-below-modulus' }
  /** The arithmetic gives no message of this scheme: another key, or not a signature. */
  | { readonly kind: 'not-by-this-key' }
  /** A message of this scheme, but about other bytes. */
  | { readonly kind: 'signs-other-bytes' }

export function describeSignatureFault(fault: SignatureFault): string {
  switch (fault.kind) {
    case 'bad-signature-length':
      return `a signature of ${fault.chars} characters`
    case 'bad-signature-character':
      return `a character outside the signature alphabet at position ${fault.at}`
    case 'signature-not-below-modulus':
      return 'a number too large for the key'
    case 'not-by-this-key':
      return 'not made with this key'
    case 'signs-other-bytes':
      return 'made with this key, but over other bytes'
    default:
      return unreachable(fault)
  }
}
