import { extname } from 'node:path'
import {
  type CvdLimits,
  type DatabaseKind,
  type DatabaseVerifier,
  type Examination,
  examineDatabase,
  examineOuter,
  type MemberHead,
  type MemberSink,
  type OuterExamination,
} from '#formats/cvd/index.ts'
import { readPieces } from './read-file.ts'

export interface ExamineFileOptions {
  /** By default what the file's extension says; needed where it says nothing. */
  readonly kind?: DatabaseKind
  readonly verifiers: readonly DatabaseVerifier[]
  readonly limits?: CvdLimits
  readonly signal: AbortSignal
}

/** Type is decided by extension only, as clients do it (formats.md 1.4). */
export function kindOfFile(path: string): DatabaseKind | undefined {
  const extension = extname(path).toLowerCase()
  return extension === '.cvd' || extension === '.cld' || extension === '.cud'
    ? KINDS[extension]
    : undefined
}

const KINDS = { '.cvd': 'cvd', '.cld': 'cld', '.cud': 'cud' } as const

/** The full examination of one file. A file without a telling extension is taken for a `.cvd`, the strictest kind. */
export async function examineFile(
  path: string,
  options: ExamineFileOptions & {
    readonly onMember?: (member: MemberHead) => MemberSink | undefined
  },
): Promise<Examination> {
  const { signal, kind = kindOfFile(path) ?? 'cvd', ...rest } = options
  return examineDatabase(readPieces(path, signal), { ...rest, kind })
}

/** Header, MD5 and signature only: see `examineOuter`. */
export async function examineFileOuter(
  path: string,
  options: ExamineFileOptions,
): Promise<OuterExamination> {
  const { signal, kind = kindOfFile(path) ?? 'cvd', ...rest } = options
  return examineOuter(readPieces(path, signal), { ...rest, kind })
}
