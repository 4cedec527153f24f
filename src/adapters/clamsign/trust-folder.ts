import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DiskError, diskError, readStart } from '#adapters/disk/index.ts'
import { fail, type Outcome } from '#base/outcome.ts'
import {
  type CertificateFile,
  describeTrustFault,
  readTrustedCertificates,
  type TrustedCertificates,
  type TrustFault,
} from '#formats/clamsign/index.ts'

/** An empty folder trusts nobody, and is nearly always a mistake. */
export type TrustFolderFault =
  | TrustFault
  | { readonly kind: 'no-certificate-files'; readonly folder: string }

const CERTIFICATE_FILE = /\.(?:pem|crt)$/
/** Guess: the bundle of all authorities of the web has a fifth of it. */
const CERTIFICATE_FILE_BYTES_MAX = 1024 * 1024

/** Every certificate of every `*.pem` and `*.crt` of a folder, as engines read it. Throws `DiskError`. */
export async function readTrustFolder(
  folder: string,
  signal: AbortSignal,
): Promise<Outcome<TrustedCertificates, TrustFolderFault>> {
  const files: CertificateFile[] = []
  try {
    const names = (await readdir(folder)).filter((name) => CERTIFICATE_FILE.test(name)).sort()
    for (const file of names) {
      signal.throwIfAborted()
      const pem = await readStart(join(folder, file), CERTIFICATE_FILE_BYTES_MAX + 1)
      if (pem.byteLength > CERTIFICATE_FILE_BYTES_MAX) {
        throw new DiskError(
          'broken',
          `take "${file}": more than ${CERTIFICATE_FILE_BYTES_MAX} bytes`,
        )
      }
      files.push({ file, pem: Buffer.from(pem).toString('latin1') })
    }
  } catch (error) {
    signal.throwIfAborted()
    throw diskError(`read the certificates in "${folder}"`, error)
  }
  if (files.length === 0) return fail({ kind: 'no-certificate-files', folder })
  return readTrustedCertificates(files)
}

export function describeTrustFolderFault(fault: TrustFolderFault): string {
  return fault.kind === 'no-certificate-files'
    ? 'it holds no .pem and no .crt'
    : describeTrustFault(fault)
}
