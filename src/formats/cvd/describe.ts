import { unreachable } from '#base/outcome.ts'
import type { CvdFault, InnerFault, LimitFault, MemberFault, OuterFault } from './fault.ts'
import type { GzipFault } from './gunzip.ts'
import type { HeaderFault } from './header.ts'
import type { InfoFault } from './info.ts'
import type { TarFault } from './tar-reader.ts'

/** One sentence that an operator reads, without full stop. Names from the file are quoted and made printable. */
export function describeCvdFault(fault: CvdFault): string {
  switch (fault.kind) {
    case 'header-too-short':
    case 'not-a-database':
    case 'header-unprintable':
    case 'header-field-count':
    case 'header-bad-field':
      return describeHeader(fault)
    case 'file-too-large':
    case 'unpacked-too-large':
    case 'ratio-too-high':
    case 'too-many-members':
    case 'info-too-large':
      return describeLimit(fault)
    case 'md5-differs':
    case 'md5-absent':
    case 'md5-unexpected':
    case 'header-not-signed':
    case 'header-signature-wrong':
    case 'header-signature-unexpected':
      return describeOuter(fault)
    case 'not-gzip':
    case 'gzip-header-too-long':
    case 'gzip-truncated':
    case 'gzip-broken':
    case 'gzip-wrong-checksum':
    case 'gzip-wrong-length':
    case 'bytes-after-gzip':
      return describeGzip(fault)
    case 'tar-bad-checksum':
    case 'tar-bad-size':
    case 'tar-bad-type':
    case 'tar-truncated':
    case 'tar-padding-not-zero':
    case 'tar-bytes-after-end':
      return describeTar(fault)
    case 'info-bad-header':
    case 'info-bad-line':
    case 'info-member-twice':
    case 'info-text-after-signature':
    case 'info-not-ended':
      return describeInfo(fault)
    default:
      return describeInner(fault)
  }
}

function describeHeader(fault: HeaderFault): string {
  switch (fault.kind) {
    case 'header-too-short':
      return `the file ends inside the header, after ${fault.bytes} bytes`
    case 'not-a-database':
      return 'this is not a ClamAV database: it does not start with "ClamAV-VDB:"'
    case 'header-unprintable':
      return `the header holds an unprintable byte at position ${fault.at}`
    case 'header-field-count':
      return `the header has ${fault.fields} fields where 9 are needed`
    case 'header-bad-field':
      return `the header field "${fault.field}" cannot be ${quote(fault.text)}`
    default:
      return unreachable(fault)
  }
}

function describeLimit(fault: LimitFault): string {
  switch (fault.kind) {
    case 'file-too-large':
      return `the file has more than ${fault.bytesMax} bytes`
    case 'unpacked-too-large':
      return `the file unpacks to more than ${fault.bytesMax} bytes`
    case 'ratio-too-high':
      return `the file unpacks to more than ${fault.ratioMax} times its size`
    case 'too-many-members':
      return `there are more than ${fault.membersMax} members inside`
    case 'info-too-large':
      return `the list of members has more than ${fault.bytesMax} bytes`
    default:
      return unreachable(fault)
  }
}

function describeOuter(fault: OuterFault): string {
  switch (fault.kind) {
    case 'md5-differs':
      return `the MD5 of the content is ${fault.computed} where the header says ${fault.stated}`
    case 'md5-absent':
      return 'the header names no MD5'
    case 'md5-unexpected':
      return 'the header of a .cld names an MD5'
    case 'header-not-signed':
      return 'the header is not signed'
    case 'header-signature-wrong':
      return 'no known publisher has signed this content in the header'
    case 'header-signature-unexpected':
      return 'the header is signed, which this kind of database never is'
    default:
      return unreachable(fault)
  }
}

function describeGzip(fault: GzipFault): string {
  switch (fault.kind) {
    case 'not-gzip':
      return 'the content is neither a gzip stream nor a tar that starts with COPYING'
    case 'gzip-header-too-long':
      return 'the gzip stream has an overlong header'
    case 'gzip-truncated':
      return 'the gzip stream is cut off'
    case 'gzip-broken':
      return `the gzip stream is broken (${fault.reason})`
    case 'gzip-wrong-checksum':
      return 'the checksum of the gzip stream is wrong'
    case 'gzip-wrong-length':
      return 'the length in the gzip stream is wrong'
    case 'bytes-after-gzip':
      return `there are ${fault.bytes} bytes behind the gzip stream`
    default:
      return unreachable(fault)
  }
}

function describeTar(fault: TarFault): string {
  switch (fault.kind) {
    case 'tar-bad-checksum':
      return `the tar inside has no valid header at byte ${fault.at}`
    case 'tar-bad-size':
      return `the size of member ${quote(fault.name)} is not a number`
    case 'tar-bad-type':
      return `member ${quote(fault.name)} is not a plain file (type ${quote(fault.type)})`
    case 'tar-truncated':
      return `the tar inside ends ${fault.missingBytes} bytes too early`
    case 'tar-padding-not-zero':
      return `there are bytes hidden behind member ${quote(fault.name)}`
    case 'tar-bytes-after-end':
      return 'there are bytes behind the end of the tar inside'
    default:
      return unreachable(fault)
  }
}

function describeInfo(fault: InfoFault): string {
  switch (fault.kind) {
    case 'info-bad-header':
      return `first line of the list of members: ${describeHeader(fault.header)}`
    case 'info-bad-line':
      return `line ${fault.line} of the list of members cannot be read`
    case 'info-member-twice':
      return `the list of members has ${quote(fault.name)} twice`
    case 'info-text-after-signature':
      return `the list of members goes on behind its signature (line ${fault.line})`
    case 'info-not-ended':
      return 'the list of members ends inside a line'
    default:
      return unreachable(fault)
  }
}

function describeInner(fault: InnerFault | MemberFault): string {
  switch (fault.kind) {
    case 'copying-not-first':
      return `the first member is ${quote(fault.found)} where COPYING is needed`
    case 'info-missing':
      return 'there is no list of members (.info) inside'
    case 'info-not-second':
      return `the list of members is member ${fault.at + 1} where it must be the second`
    case 'info-not-signed':
      return 'the list of members is not signed'
    case 'info-signature-wrong':
      return 'no known publisher has signed the list of members'
    case 'info-signature-unexpected':
      return 'the list of members is signed, which it never is in a .cud'
    case 'publishers-differ':
      return `the header is signed by ${fault.header}, the list of members by ${fault.info}`
    case 'info-field-differs':
      return `the ${fault.field} is ${quote(fault.header)} in the header and ${quote(fault.info)} in the list of members`
    case 'member-bad-name':
      return `a member is called ${quote(fault.name)}, which is not a plain file name`
    case 'member-twice':
      return `member ${quote(fault.name)} is there twice`
    case 'member-empty':
      return `member ${quote(fault.name)} is empty`
    case 'member-unlisted':
      return `member ${quote(fault.name)} is not in the list of members`
    case 'member-missing':
      return `member ${quote(fault.name)} is listed and not there`
    case 'member-size-differs':
      return `member ${quote(fault.name)} has ${fault.found} bytes where ${fault.listed} are listed`
    case 'member-hash-differs':
      return `member ${quote(fault.name)} has another SHA-256 than the list says`
    default:
      return unreachable(fault)
  }
}

/** A name from a file is hostile text until it is escaped. */
function quote(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]/g, (char) => {
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `"${printable}"`
}
