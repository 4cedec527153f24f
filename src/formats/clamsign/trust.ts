import { fail, type Outcome, ok } from '#base/outcome.ts'
import { type Certificate, parseCertificate } from './certificate.ts'

/**
 * Whom we believe: every certificate of every file of a certificates folder (formats.md 3.3). A chain ends at a
 * self-signed one of them; the others help to build it. X.509 v1 roots are taken, since ClamAV's test root is one.
 */
export interface TrustedCertificates {
  readonly certificates: readonly Certificate[]
}

/** A file of such a folder. */
export interface CertificateFile {
  readonly file: string
  readonly pem: string
}

export type TrustFault =
  | { readonly kind: 'no-certificate'; readonly file: string }
  | { readonly kind: 'bad-certificate'; readonly file: string; readonly nth: number }
  /** Engines refuse to start with such a folder. */
  | {
      readonly kind: 'common-name-twice'
      readonly commonName: string
      readonly files: readonly [string, string]
    }
  | { readonly kind: 'too-many-certificates'; readonly certificatesMax: number }

/** A guess: a system's whole collection has about 150. */
const CERTIFICATES_MAX = 1024
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g
const CERTIFICATE_LABELS = new Set(['CERTIFICATE', 'X509 CERTIFICATE'])

export function readTrustedCertificates(
  files: readonly CertificateFile[],
): Outcome<TrustedCertificates, TrustFault> {
  const certificates: Certificate[] = []
  const fileOf = new Map<string, string>()
  for (const { file, pem } of files) {
    const found = certificatesOf(file, pem)
    if (!found.ok) return found
    for (const certificate of found.value) {
      const { commonName } = certificate
      const other = commonName === undefined ? undefined : fileOf.get(commonName)
      if (commonName !== undefined && other !== undefined) {
        return fail({ kind: 'common-name-twice', commonName, files: [other, file] })
      }
      if (commonName !== undefined) fileOf.set(commonName, file)
      certificates.push(certificate)
    }
    if (certificates.length > CERTIFICATES_MAX) {
      return fail({ kind: 'too-many-certificates', certificatesMax: CERTIFICATES_MAX })
    }
  }
  return ok({ certificates })
}

/** The one certificate of a PEM file, as signing wants it. Further blocks are not looked at. */
export function readCertificate(pem: string): Certificate | undefined {
  const [first] = pemCertificates(pem)
  return first && parseCertificate(first)
}

export function describeTrustFault(fault: TrustFault): string {
  switch (fault.kind) {
    case 'no-certificate':
      return `"${fault.file}" holds no certificate in PEM`
    case 'bad-certificate':
      return `certificate ${fault.nth} of "${fault.file}" cannot be read`
    case 'common-name-twice': {
      const [one, other] = fault.files
      const where = one === other ? `twice in "${one}"` : `in "${one}" and in "${other}"`
      return `a certificate called "${fault.commonName}" is ${where}; engines refuse such a folder`
    }
    case 'too-many-certificates':
      return `more than ${fault.certificatesMax} certificates`
  }
}

function certificatesOf(file: string, pem: string): Outcome<readonly Certificate[], TrustFault> {
  const blocks = pemCertificates(pem).slice(0, CERTIFICATES_MAX + 1)
  if (blocks.length === 0) return fail({ kind: 'no-certificate', file })
  const certificates: Certificate[] = []
  for (const block of blocks) {
    const certificate = block && parseCertificate(block)
    if (!certificate) return fail({ kind: 'bad-certificate', file, nth: certificates.length + 1 })
    certificates.push(certificate)
  }
  return ok(certificates)
}

/** DER of each block; undefined for one that is not base64. */
function pemCertificates(text: string): readonly (Uint8Array | undefined)[] {
  return [...text.matchAll(BLOCK)]
    .filter(([, label = '']) => CERTIFICATE_LABELS.has(label))
    .map(([, , body = '']) => {
      const base64 = body.replaceAll(/\s/g, '')
      const bytes = Buffer.from(base64, 'base64')
      return bytes.toString('base64') === base64 ? bytes : undefined
    })
}
