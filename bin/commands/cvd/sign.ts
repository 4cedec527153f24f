import { createPrivateKey, type KeyObject } from 'node:crypto'
import { type SignFileFault, signFile, signPathOf } from '#adapters/clamsign/index.ts'
import { readPieces } from '#adapters/databases/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import type { DbVersion } from '#base/names.ts'
import {
  type Certificate,
  describeCannotTryReason,
  describeSignFault,
  readCertificate,
} from '#formats/clamsign/index.ts'
import { HEADER_BYTES, parseHeader } from '#formats/cvd/index.ts'
import { CommandEnd, EXIT, ended, say } from '../../io.ts'
import type { SignCommandOptions } from '../cvd-sign.ts'
import { readText, untilInterrupted, worldEnd } from './common.ts'

/** `cvdnet cvd sign`: the signature lies beside the file, under the name that clients ask for. */
export async function sign(file: string, options: SignCommandOptions): Promise<void> {
  const { cert, key, append, minLevel, maxLevel } = options
  const signal = untilInterrupted()
  const certificates: Certificate[] = []
  for (const path of cert) certificates.push(await certificateOf(path))
  const [signer, ...intermediates] = certificates
  if (signer === undefined) throw new CommandEnd(EXIT.usage, 'no certificate is given')
  const signPath = signPathOf(file, await headerVersion(file, signal).catch(worldEnd))
  if (signPath === undefined) {
    throw new CommandEnd(EXIT.refused, `${file}: its header cannot be read, so it has no version`)
  }
  const signed = await signFile(file, signPath, {
    signer,
    intermediates,
    key: await keyOf(key),
    now: systemClock.now(),
    signal,
    ...(append === undefined ? {} : { append }),
    ...(minLevel === undefined ? {} : { minLevel }),
    ...(maxLevel === undefined ? {} : { maxLevel }),
  }).catch(worldEnd)
  if (!signed.ok) throw new CommandEnd(EXIT.refused, `${signPath}: ${reasonOf(signed.fault)}`)
  say(`${signPath}: signs ${file}`)
}

async function certificateOf(path: string): Promise<Certificate> {
  const certificate = readCertificate(await readText(path))
  if (certificate === undefined) {
    throw new CommandEnd(EXIT.usage, `"${path}" holds no certificate in PEM`)
  }
  return certificate
}

async function keyOf(path: string): Promise<KeyObject> {
  const pem = await readText(path)
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw ended(EXIT.usage, `"${path}" holds no private key in PEM without a passphrase`, error)
  }
}

/** Of a database, as its header says it; undefined for other files and for headers that cannot be read. */
export async function headerVersion(
  file: string,
  signal: AbortSignal,
): Promise<DbVersion | undefined> {
  let start: Uint8Array = new Uint8Array(0)
  for await (const piece of readPieces(file, signal)) {
    start = Buffer.concat([start, piece]).subarray(0, HEADER_BYTES)
    if (start.byteLength >= HEADER_BYTES) break
  }
  const header = parseHeader(start, 'lenient')
  return header.ok ? header.value.version : undefined
}

function reasonOf(fault: SignFileFault): string {
  return fault.kind === 'not-appendable'
    ? `nothing can be added to what is there: ${describeCannotTryReason(fault.fault)}`
    : describeSignFault(fault)
}
