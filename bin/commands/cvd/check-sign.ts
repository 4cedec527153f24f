import {
  describeTrustFolderFault,
  readTrustFolder,
  signPathOf,
  verifySignFile,
} from '#adapters/clamsign/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { describeClamsignVerdict, type TrustedCertificates } from '#formats/clamsign/index.ts'
import { CommandEnd, complain, EXIT, type ExitStatus, say } from '../../io.ts'
import { headerVersion } from './sign.ts'

/** The folder of `--certs`. */
export async function trustIn(folder: string, signal: AbortSignal): Promise<TrustedCertificates> {
  const trust = await readTrustFolder(folder, signal)
  if (trust.ok) return trust.value
  const reason = describeTrustFolderFault(trust.fault)
  throw new CommandEnd(EXIT.usage, `cannot use the certificates in "${folder}": ${reason}`)
}

/**
 * What `--certs` adds to `cvdnet cvd verify`. A wrong `.sign` refuses the file, as engines do; where there is none, or
 * one that cannot be tried, engines go by the signature inside. `required` is for files that have nothing else.
 */
export async function checkSign(
  file: string,
  options: {
    readonly trust: TrustedCertificates
    readonly level?: number
    readonly required: boolean
    readonly signal: AbortSignal
  },
): Promise<ExitStatus> {
  const { trust, level, required, signal } = options
  const signPath = signPathOf(file, await headerVersion(file, signal))
  if (signPath === undefined) return EXIT.refused
  const now = systemClock.now()
  const levels = level === undefined ? {} : { level }
  const verdict = await verifySignFile(file, signPath, { trust, now, signal, ...levels })
  switch (verdict.kind) {
    case 'good':
      say(`${signPath}: good, ${describeClamsignVerdict(verdict)}`)
      return EXIT.done
    case 'bad':
      say(`${signPath}: NOT good; engines from 1.5 on refuse ${file}`)
      complain(`${signPath}: ${describeClamsignVerdict(verdict)}`)
      return EXIT.refused
    case 'cannot-try':
      say(`${signPath}: cannot be tried`)
      complain(`${signPath}: ${describeClamsignVerdict(verdict)}`)
      return EXIT.refused
    case 'absent':
      if (required) complain(`${signPath}: there is none, and nothing else signs this file`)
      else say(`${signPath}: there is none`)
      return required ? EXIT.refused : EXIT.done
  }
}
