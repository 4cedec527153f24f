import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { diskError } from '#adapters/disk/index.ts'
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

/** Every certificate of every `*.pem` and `*.crt` of a folder, as engines read it. Throws `DiskError`. */
export async function readTrustFolder(
  folder: string,
  signal: AbortSignal,
): Promise<Outcome<TrustedCertificates, TrustFolderFault>> {
  const files: CertificateFile[] = []
  try {
    const names = (await readdir(folder)).filter((name) => CERTIFICATE_FILE.test(name)).sort()
    for (const file of names) {
      files.push({ file, pem: await readFile(join(folder, file), { encoding: 'latin1', signal }) })
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
