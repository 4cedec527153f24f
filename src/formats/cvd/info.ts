import { toLatin1 } from '#base/bytes.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { type CvdHeader, type HeaderFault, parseHeaderLine, printHeaderLine } from './header.ts'
import { isMemberName } from './member-name.ts'

/**
 * `NAME.info`, the list of members inside a database (formats.md 1.3): the header without MD5 and signature, one line
 * per member, and a v2 signature over all bytes before its line.
 *
 *     ClamAV-VDB:22 Jun 2021 14-58 -0400:1:0:81:X:X:micasnyd:1624388302
 *     test.ndb:240:244a20e9…
 *     DSIG:TFd9RBeu6wZw…
 */
export interface CvdInfo {
  readonly header: CvdHeader
  readonly members: readonly InfoMember[]
  /** Signature text. Absent from unsigned builds. */
  readonly dsig?: string
}

export interface InfoMember {
  readonly name: string
  readonly bytes: number
  /** Lower-case hexadecimal. */
  readonly sha256: string
}

export interface ReadInfo {
  readonly info: CvdInfo
  /** How many bytes from the start the signature is about. */
  readonly signedBytes: number
}

export type InfoFault =
  | { readonly kind: 'info-bad-header'; readonly header: HeaderFault }
  | { readonly kind: 'info-bad-line'; readonly line: number }
  | { readonly kind: 'info-member-twice'; readonly name: string }
  /** What follows the signature is covered by nothing. */
  | { readonly kind: 'info-text-after-signature'; readonly line: number }
  | { readonly kind: 'info-not-ended' }

const MEMBER_LINE = /^([^:]+):(0|[1-9][0-9]{0,14}):([0-9a-f]{64})$/
const SIGNATURE_LINE = /^DSIG:([A-Za-z0-9+/]{2,350})$/

export function parseInfo(bytes: Uint8Array): Outcome<ReadInfo, InfoFault> {
  const text = toLatin1(bytes)
  if (!text.endsWith('\n')) return fail({ kind: 'info-not-ended' })
  const [first = '', ...lines] = text.slice(0, -1).split('\n')
  const header = parseHeaderLine(first)
  if (!header.ok) return fail({ kind: 'info-bad-header', header: header.fault })
  const members = new Map<string, InfoMember>()
  let signedBytes = first.length + 1
  for (const [at, line] of lines.entries()) {
    const number = at + 2
    const dsig = SIGNATURE_LINE.exec(line)?.[1]
    if (dsig !== undefined) {
      if (at < lines.length - 1)
        return fail({ kind: 'info-text-after-signature', line: number + 1 })
      return ok({
        info: { header: header.value, members: [...members.values()], dsig },
        signedBytes,
      })
    }
    const member = parseMember(line)
    if (member === undefined) return fail({ kind: 'info-bad-line', line: number })
    if (members.has(member.name)) return fail({ kind: 'info-member-twice', name: member.name })
    members.set(member.name, member)
    signedBytes += line.length + 1
  }
  return ok({ info: { header: header.value, members: [...members.values()] }, signedBytes })
}

/** The bytes that get signed: everything but the `DSIG:` line. */
export function printInfoText(header: CvdHeader, members: readonly InfoMember[]): string {
  const { md5: _md5, dsig: _dsig, ...bare } = header
  const lines = members.map(({ name, bytes, sha256 }) => `${name}:${bytes}:${sha256}\n`)
  return `${printHeaderLine(bare)}\n${lines.join('')}`
}

export function printInfo(info: CvdInfo): string {
  const text = printInfoText(info.header, info.members)
  return info.dsig === undefined ? text : `${text}DSIG:${info.dsig}\n`
}

function parseMember(line: string): InfoMember | undefined {
  const [, name = '', bytes = '', sha256 = ''] = MEMBER_LINE.exec(line) ?? []
  return isMemberName(name) ? { name, bytes: Number(bytes), sha256 } : undefined
}
