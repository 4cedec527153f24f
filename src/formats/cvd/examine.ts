import { toHex } from '#base/bytes.ts'
import { Contents, type MemberHead, type MemberSink } from './contents.ts'
import { type CvdFault, type DatabaseKind, FAULTS_MAX } from './fault.ts'
import { type GzipFault, gunzip } from './gunzip.ts'
import { type CvdHeader, HEADER_BYTES, parseHeader } from './header.ts'
import type { CvdInfo, InfoMember } from './info.ts'
import { Intake } from './intake.ts'
import {
  type Judgement,
  judgeFields,
  judgeHeader,
  judgeInfo,
  judgeMembers,
  judgePair,
} from './judge.ts'
import { CVD_LIMITS, type CvdLimits } from './limits.ts'
import { COPYING } from './member-name.ts'
import type { DatabaseVerifier } from './verifier.ts'

/**
 * The examination of a database in one pass, whoever brings the bytes. A file is good exactly when `faults` is empty.
 * A broken source throws; bad data never does. A piece must stay as it is until two more have been asked for;
 * 256 KiB is a good size.
 */
export interface OuterExamination {
  /** As far as it was read. */
  readonly bytes: number
  /** Absent when it cannot be read. Strictly read: see `HeaderReading`. */
  readonly header?: CvdHeader
  /** The publisher whose signatures all fit. Absent for `.cud`, which nobody signs. */
  readonly signedBy?: string
  /** As many as can be said at once, up to `FAULTS_MAX`. */
  readonly faults: readonly CvdFault[]
}

export interface Examination extends OuterExamination {
  /** Of the whole file as far as it was read, lower-case hexadecimal. */
  readonly sha256: string
  /** Short name of the database, as its `.info` member is called: `daily`. */
  readonly name?: string
  readonly info?: CvdInfo
  /** All that were found, also `COPYING` and `.info`. */
  readonly members: readonly InfoMember[]
}

export interface OuterOptions {
  readonly kind: DatabaseKind
  readonly verifiers: readonly DatabaseVerifier[]
  readonly limits?: CvdLimits
}

export interface ExamineOptions extends OuterOptions {
  /**
   * Sees the members as they pass, before anything is known to be genuine: what it keeps counts only if no fault is
   * reported in the end. Called only for harmless names, each once.
   */
  readonly onMember?: (member: MemberHead) => MemberSink | undefined
}

/** The full examination: header, signatures, `.info`, and the hash of every member. */
export async function examineDatabase(
  chunks: AsyncIterable<Uint8Array>,
  options: ExamineOptions,
): Promise<Examination> {
  const { kind, verifiers, limits = CVD_LIMITS, onMember } = options
  const intake = new Intake(chunks, { fileBytesMax: limits.fileBytesMax, wholeSha256: true })
  try {
    const start = await intake.start(COPYING.length)
    const header = parseHeader(start, 'strict')
    const contents = new Contents({ limits, ...(onMember === undefined ? {} : { onMember }) })
    const packing = isDatabase(header) ? await unpack(intake, start, contents) : undefined
    await intake.drain()
    const { md5, sha256 = md5 } = intake.digests()
    const common = { bytes: intake.bytes, sha256: toHex(sha256), members: contents.members }
    if (!header.ok && !isDatabase(header)) return { ...common, faults: [header.fault] }
    const stopped: CvdFault[] = [
      ...limitFaults(intake, limits),
      ...(header.ok ? [] : [header.fault]),
      ...(packing === undefined || intake.tooLarge ? [] : [packing]),
      ...contents.faults,
    ]
    const outer = header.ok ? judgeHeader(kind, header.value, md5, verifiers) : NOTHING
    const inner = judgeContents(kind, contents, verifiers, header.ok ? header.value : undefined)
    const pair = judgePair(kind, outer, inner)
    const [signer] = pair.signers
    return {
      ...common,
      ...(header.ok ? { header: header.value } : {}),
      ...(contents.info === undefined ? {} : { name: contents.info.name }),
      ...(inner.info === undefined ? {} : { info: inner.info }),
      ...(signer === undefined ? {} : { signedBy: signer.publisher }),
      faults: [...outer.faults, ...stopped, ...inner.faults, ...pair.faults].slice(0, FAULTS_MAX),
    }
  } finally {
    await intake.close()
  }
}

/** What `sigtool --info` does: the MD5 of the payload and the signature over it. Nothing inside is looked at. */
export async function examineOuter(
  chunks: AsyncIterable<Uint8Array>,
  options: OuterOptions,
): Promise<OuterExamination> {
  const { kind, verifiers, limits = CVD_LIMITS } = options
  const intake = new Intake(chunks, { fileBytesMax: limits.fileBytesMax, wholeSha256: false })
  try {
    const header = parseHeader(await intake.start(0), 'strict')
    if (!header.ok) return { bytes: intake.bytes, faults: [header.fault] }
    await intake.drain()
    const outer = judgeHeader(kind, header.value, intake.digests().md5, verifiers)
    const [signer] = outer.signers
    return {
      bytes: intake.bytes,
      header: header.value,
      ...(signer === undefined ? {} : { signedBy: signer.publisher }),
      faults: [...limitFaults(intake, limits), ...outer.faults],
    }
  } finally {
    await intake.close()
  }
}

const NOTHING: Judgement = { faults: [], signers: [] }

/** Bytes that do not even start like a database are not taken apart: one fault says it all. */
function isDatabase(header: ReturnType<typeof parseHeader>): boolean {
  return header.ok || !['not-a-database', 'header-too-short'].includes(header.fault.kind)
}

function limitFaults(intake: Intake, limits: CvdLimits): CvdFault[] {
  return intake.tooLarge ? [{ kind: 'file-too-large', bytesMax: limits.fileBytesMax }] : []
}

/** Seven bytes behind the header tell a plain tar from a gzip stream (formats.md 1.2, trap 6). */
async function unpack(
  intake: Intake,
  start: Uint8Array,
  contents: Contents,
): Promise<GzipFault | undefined> {
  const plain = Buffer.from(COPYING).equals(start.subarray(HEADER_BYTES))
  const pieces = plain ? untouched(intake) : gunzip(intake)
  for (;;) {
    const step = await pieces.next()
    if (step.done === true) {
      if (step.value === undefined || step.value.kind === 'bytes-after-gzip') contents.end()
      return step.value
    }
    if (!(await contents.push(step.value, intake.payloadBytes))) {
      await pieces.return(undefined)
      return undefined
    }
  }
}

async function* untouched(intake: Intake): AsyncGenerator<Uint8Array, undefined> {
  for (;;) {
    const piece = await intake.next()
    if (piece === undefined) return undefined
    yield piece
  }
}

function judgeContents(
  kind: DatabaseKind,
  contents: Contents,
  verifiers: readonly DatabaseVerifier[],
  header: CvdHeader | undefined,
): Judgement & { readonly info?: CvdInfo } {
  const found = contents.info
  if (found === undefined) {
    return contents.complete ? { faults: [{ kind: 'info-missing' }], signers: [] } : NOTHING
  }
  const inner = judgeInfo(kind, found.bytes, verifiers)
  if (inner.info === undefined) return inner
  const faults = [
    ...inner.faults,
    ...(header === undefined ? [] : judgeFields(header, inner.info.header)),
    ...judgeMembers(inner.info, found.name, contents.members, contents.complete),
  ]
  return { ...inner, faults }
}
