import { examineFile, kindOfFile } from '#adapters/databases/index.ts'
import { rfc3339 } from '#base/time.ts'
import { lostZerosOf, verifiersOf } from '#core/databases/index.ts'
import { describeCvdFault, type Examination } from '#formats/cvd/index.ts'
import { complain, say, sayJson } from '../../io.ts'
import { forEachFile, readPublishers } from './common.ts'
import { complainOf, examinePatch, isPatch, type PatchReport, patchVerdict } from './patch.ts'
import { reasonsFor, statusOf, type Verdict, verdictOn, verdictText } from './verdict.ts'

/** `cvdnet cvd info`: the fields as sigtool names them, then what it does not show, then the verdict. */
export async function showInfo(
  files: readonly string[],
  options: {
    readonly keys: readonly string[]
    readonly json?: boolean
    readonly unsigned?: boolean
  },
): Promise<void> {
  const { json = false, unsigned = false } = options
  const publishers = await readPublishers(options.keys)
  const verifiers = verifiersOf(publishers)
  const documents: object[] = []
  const show = (document: object, lines: readonly string[]) => {
    if (!json) for (const line of documents.length === 0 ? lines : ['', ...lines]) say(line)
    documents.push(document)
  }
  await forEachFile(files, async (file, signal) => {
    if (isPatch(file)) {
      const report = await examinePatch(file, publishers, signal)
      show(report, patchLines(report))
      return complainOf(report)
    }
    const examination = await examineFile(file, { verifiers, signal })
    const verdict = verdictOn(examination, lostZerosOf(examination, publishers))
    show(documentOf(file, examination, verdict), linesOf(file, examination, verdict))
    for (const reason of reasonsFor(verdict, unsigned)) complain(`${file}: ${reason}`)
    return statusOf(verdict, unsigned)
  })
  if (json) sayJson(files.length === 1 ? (documents[0] ?? null) : documents)
}

const LABEL_CHARS = 22

function field(label: string, value: string | number): string {
  return `${`${label}:`.padEnd(LABEL_CHARS)}${value}`
}

function patchLines(report: PatchReport): string[] {
  const { file, version, scriptBytes = 0, members = [] } = report
  const found =
    version === undefined
      ? []
      : [
          field('Leads to version', version),
          field('Script', `${scriptBytes} bytes`),
          field('Touches', members.join(' ')),
        ]
  return [field('File', file), ...found, field('Verdict', patchVerdict(report))]
}

function linesOf(file: string, examination: Examination, verdict: Verdict): string[] {
  const { header, members, bytes, sha256 } = examination
  const fields =
    header === undefined
      ? []
      : [
          field('Build time', header.buildTime.replace(/(\d\d)-(\d\d) /, '$1:$2 ')),
          field('Version', header.version),
          field('Signatures', header.signatures),
          field('Functionality level', header.functionalityLevel),
          field('Builder', header.builder),
          field('MD5', header.md5 ?? 'none'),
          field('Digital signature', header.dsig ?? 'none'),
          field('Built at', rfc3339(header.builtAt)),
        ]
  const width = String(Math.max(0, ...members.map((member) => member.bytes))).length
  return [
    field('File', file),
    ...fields,
    field('Size', `${bytes} bytes`),
    field('SHA-256', sha256),
    ...members.map((member, at) => {
      const label = (at === 0 ? 'Members:' : '').padEnd(LABEL_CHARS)
      return `${label}${String(member.bytes).padStart(width)}  ${member.name}`
    }),
    field('Verdict', verdictText(verdict)),
  ]
}

function documentOf(file: string, examination: Examination, verdict: Verdict): object {
  const { header, info, members, bytes, sha256, name, faults } = examination
  return {
    file,
    kind: kindOfFile(file) ?? 'cvd',
    bytes,
    sha256,
    ...(name === undefined ? {} : { name }),
    ...(header === undefined ? {} : { ...header, builtAtUtc: rfc3339(header.builtAt) }),
    ...(info?.dsig === undefined ? {} : { infoDsig: info.dsig }),
    members,
    verdict: verdict.kind,
    verified: verdict.kind === 'verified',
    ...('signedBy' in verdict ? { signedBy: verdict.signedBy } : {}),
    ...(verdict.kind === 'refused-by-engines' ? { reasons: verdict.reasons } : {}),
    faults: faults.map((fault) => ({ ...fault, text: describeCvdFault(fault) })),
  }
}
