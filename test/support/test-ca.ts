import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Certificates made by the real openssl, for tests of detached signatures. Valid for ten years from now. */
export interface TestCertificate {
  /** Its common name, too. */
  readonly name: string
  readonly certificate: string
  readonly key: string
}

export interface CertificateWish {
  /** Lines of an openssl extension section; none gives an X.509 v1 certificate. */
  readonly extensions?: readonly string[]
  /** RSA instead of EC. */
  readonly rsa?: boolean
  /** Nobody: signed by itself. */
  readonly issuer?: TestCertificate
}

export const AUTHORITY = [
  'basicConstraints = critical, CA:TRUE',
  'keyUsage = critical, keyCertSign',
]
export const FILE_SIGNER = [
  'basicConstraints = critical, CA:FALSE',
  'keyUsage = critical, digitalSignature',
  'extendedKeyUsage = critical, codeSigning, emailProtection',
]

let serial = 1

export function testCertificate(
  folder: string,
  name: string,
  wish: CertificateWish = {},
): TestCertificate {
  const { extensions = [], rsa = false, issuer } = wish
  const path = (ending: string) => join(folder, `${name.replaceAll(' ', '-')}.${ending}`)
  const made: TestCertificate = { name, certificate: path('crt'), key: path('key') }
  const algorithm = rsa
    ? ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048']
    : ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']
  openssl('genpkey', ...algorithm, '-out', made.key)
  openssl('req', '-new', '-key', made.key, '-subj', `/O=Tests/CN=${name}`, '-out', path('csr'))
  writeFileSync(path('ext'), extensions.map((line) => `${line}\n`).join(''))
  const signing =
    issuer === undefined
      ? ['-signkey', made.key]
      : ['-CA', issuer.certificate, '-CAkey', issuer.key, '-set_serial', String(serial++)]
  const extensionFile = extensions.length > 0 ? ['-extfile', path('ext')] : []
  openssl(
    ...['x509', '-req', '-in', path('csr'), '-days', '3650', '-sha256', '-out', made.certificate],
    ...signing,
    ...extensionFile,
  )
  return made
}

export function pemOf({ certificate }: TestCertificate): string {
  return readFileSync(certificate, 'latin1')
}

/** Runs openssl and throws unless it ends well. */
export function openssl(...args: readonly string[]): string {
  const run = spawnSync('openssl', args, { encoding: 'latin1' })
  if (run.status !== 0) throw new Error(`Cannot run openssl ${args.join(' ')}: ${run.stderr}`)
  return run.stdout
}
