import { unreachable } from '#base/outcome.ts'
import { rfc3339, toSeconds } from '#base/time.ts'
import type { ChainFault } from './chain.ts'
import type { SignFault } from './sign.ts'
import type { BadReason, CannotTryReason, ClamsignVerdict } from './verify.ts'

/** Names come from certificates, and a terminal obeys control characters. */
function quoted(name: string): string {
  return `"${name.replaceAll(/\p{Cc}/gu, '?').slice(0, 200)}"`
}

export function describeClamsignVerdict(verdict: ClamsignVerdict): string {
  switch (verdict.kind) {
    case 'good':
      return `signed by ${quoted(verdict.signer)}`
    case 'bad':
      return `line ${verdict.line}: ${describeBadReason(verdict.reason)}`
    case 'cannot-try':
      return describeCannotTryReason(verdict.reason)
    default:
      return unreachable(verdict)
  }
}

export function describeBadReason(reason: BadReason): string {
  switch (reason.kind) {
    case 'no-signer':
      return 'nobody has signed'
    case 'content-inside':
      return 'it signs a content of its own, not the file beside it'
    case 'signer-certificate-missing':
      return "the signer's certificate is not in it"
    case 'unsupported-algorithm':
      return `algorithm ${reason.oid} is not used for these signatures`
    case 'attributes-missing':
      return 'the signed attributes are missing'
    case 'other-content':
      return 'it is for a file with other bytes'
    case 'signature-differs':
      return 'the signature is not of the key in the certificate'
    default:
      return describeChainFault(reason)
  }
}

export function describeCannotTryReason(reason: CannotTryReason): string {
  switch (reason.kind) {
    case 'too-large':
      return `it has more than ${reason.charsMax} characters`
    case 'not-clamsign':
      return 'it does not start with "#clamsign-1.0"'
    case 'bad-line':
      return `line ${reason.line} is not "min:max:type:data"`
    case 'no-usable-line':
      return `no line is for engines of level ${reason.level}`
    case 'unsupported-type':
      return `line ${reason.line} is of the unknown type ${quoted(reason.type)}`
    case 'not-base64':
      return `line ${reason.line} is not in base64`
    case 'not-pkcs7':
      return `line ${reason.line} is not a PKCS#7 signature`
    default:
      return unreachable(reason)
  }
}

export function describeSignFault(fault: SignFault): string {
  switch (fault.kind) {
    case 'unsupported-key':
      return `a key of type ${fault.type} cannot sign; it must be a private RSA or EC key`
    case 'key-of-another':
      return `the key does not belong to the certificate of ${quoted(fault.of)}`
    default:
      return describeChainFault(fault)
  }
}

function describeChainFault(fault: ChainFault): string {
  switch (fault.kind) {
    case 'unknown-issuer':
      return `no trusted certificate vouches for ${quoted(fault.of)}`
    case 'not-yet-valid':
      return `the certificate of ${quoted(fault.of)} is not valid before ${when(fault.from)}`
    case 'expired':
      return `the certificate of ${quoted(fault.of)} expired at ${when(fault.since)}`
    case 'unsuitable-purpose':
      return `the certificate of ${quoted(fault.of)} is not for signing files: ${fault.why}`
    case 'not-an-authority':
      return `${quoted(fault.of)} may not vouch for others`
    case 'path-too-long':
      return `${quoted(fault.of)} may not vouch over so many steps`
    case 'unhandled-extension':
      return `the certificate of ${quoted(fault.of)} has the unknown extension ${fault.oid}`
    case 'weak-certificate-signature':
      return `the certificate of ${quoted(fault.of)} is signed with the weak algorithm ${fault.oid}`
    case 'chain-too-long':
      return 'the way to a trusted certificate is too long'
    default:
      return unreachable(fault)
  }
}

function when(time: Parameters<typeof toSeconds>[0]): string {
  return rfc3339(toSeconds(time))
}
