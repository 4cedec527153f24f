import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { examineFile, readPieces } from '#adapters/databases/index.ts'
import { toHex, toLatin1 } from '#base/bytes.ts'
import type { FileFacts, PlainFileFacts, PlainSetFacts } from '#core/gate/index.ts'
import { describeCvdFault } from '#formats/cvd/index.ts'
import { describeSignatureFileFault, SignatureFileChecker } from '#formats/signature-file/index.ts'
import {
  describeSignatureSetFault,
  parseSignatureSet,
  SIGNATURE_SET_CHARS_MAX,
  SIGNATURE_SET_NAMESPACE,
  type SignatureSet,
} from '#formats/signature-set/index.ts'
import { describeSshSignatureFault, verifySshSignature } from '#formats/ssh-signature/index.ts'
import { type ExamineContext, type NamedAs, type NamedFile, ofKind } from './upload-files.ts'

/** An armored signature of an RSA key has about 2 KiB. */
const SIGNATURE_BYTES_MAX = 16 * 1024

/** Reads signed sets and the plain files and `.cud` that they list (decision 1b). What no set lists is named. */
export async function examineSets(
  named: readonly NamedFile[],
  context: ExamineContext,
): Promise<{ readonly sets: readonly PlainSetFacts[]; readonly unlisted: readonly string[] }> {
  const sets: PlainSetFacts[] = []
  const used = new Set<string>()
  for (const file of ofKind(named, 'set')) {
    const set = await examineOneSet(file, named, context)
    sets.push(set)
    for (const { file: listed } of set.files) used.add(listed)
    used.add(`${file.file}.sig`)
  }
  const unlisted = named
    .filter(({ is }) => is.kind === 'plain' || is.kind === 'set-signature' || isCud(is))
    .map(({ file }) => file)
    .filter((file) => !used.has(file))
  return { sets, unlisted }
}

function isCud(is: NamedFile['is']): boolean {
  return is.kind === 'database' && is.container === 'cud'
}

async function examineOneSet(
  set: NamedAs<'set'>,
  named: readonly NamedFile[],
  context: ExamineContext,
): Promise<PlainSetFacts> {
  const text = await readSmall(set, SIGNATURE_SET_CHARS_MAX, context.signal)
  const base = { file: set.file, bytes: set.bytes, sha256: sha256Of(text.bytes), name: set.is.name }
  const signature = await examineSignature(set, text.bytes, named, context.signal)
  const parsed = parseSignatureSet(toLatin1(text.bytes))
  if (text.tooLarge || !parsed.ok) {
    const faults = parsed.ok
      ? ['it is too large for a set']
      : parsed.fault.map(describeSignatureSetFault)
    return { ...base, signature, version: undefined, files: [], listed: [], faults }
  }
  const { version, files: listed } = parsed.value
  const faults = parsed.value.name === set.is.name ? [] : [otherName(parsed.value)]
  const files: PlainFileFacts[] = []
  for (const file of named) {
    if (listed.some((one) => one.file === file.file)) files.push(await examinePlain(file, context))
  }
  return { ...base, signature, version, files, listed, faults }
}

function otherName({ name }: SignatureSet): string {
  return `it is the set "${name}", so it is called ${name}.set`
}

async function examineSignature(
  set: NamedAs<'set'>,
  message: Uint8Array,
  named: readonly NamedFile[],
  signal: AbortSignal,
): Promise<PlainSetFacts['signature']> {
  const file = named.find((one) => one.file === `${set.file}.sig`)
  if (file === undefined) return { kind: 'missing' }
  const { bytes, tooLarge } = await readSmall(file, SIGNATURE_BYTES_MAX, signal)
  if (tooLarge) return { kind: 'bad', reason: 'it is too large for a signature' }
  const verdict = verifySshSignature(message, toLatin1(bytes), SIGNATURE_SET_NAMESPACE)
  if (!verdict.ok) return { kind: 'bad', reason: describeSshSignatureFault(verdict.fault) }
  return { kind: 'good', key: verdict.value.publicKey, ...factsOf(file, sha256Of(bytes)) }
}

async function examinePlain(file: NamedFile, context: ExamineContext): Promise<PlainFileFacts> {
  if (isCud(file.is)) {
    const { sha256, faults } = await examineFile(file.path, {
      kind: 'cud',
      verifiers: [],
      signal: context.signal,
    })
    return { ...factsOf(file, sha256), faults: faults.map(describeCvdFault) }
  }
  const checker = new SignatureFileChecker(file.file)
  const hash = createHash('sha256')
  for await (const piece of readPieces(file.path, context.signal)) {
    hash.update(piece)
    checker.push(piece)
  }
  // The gate names the file already.
  const faults = checker
    .finish()
    .map((fault) => describeSignatureFileFault(fault).slice(file.file.length).replace(/^:? /, ''))
  return { ...factsOf(file, toHex(hash.digest())), faults }
}

function factsOf({ file, bytes }: NamedFile, sha256: string): FileFacts {
  return { file, bytes, sha256 }
}

/** At most `bytesMax` bytes of a file that should be small. */
async function readSmall(
  { path, bytes }: NamedFile,
  bytesMax: number,
  signal: AbortSignal,
): Promise<{ readonly bytes: Uint8Array; readonly tooLarge: boolean }> {
  if (bytes > bytesMax) return { bytes: new Uint8Array(0), tooLarge: true }
  return { bytes: await readFile(path, { signal }), tooLarge: false }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
