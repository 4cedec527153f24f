/** Signatures over sets of records (RFC 4034, 3 and 6). */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import {
  type DnsName,
  internetRecord,
  labelsOf,
  MessageWriter,
  nameToWire,
  type ResourceRecord,
  TYPE,
  typeOf,
  writeRecord,
} from '#formats/dns-message/index.ts'
import type { ZoneKey } from './key.ts'
import { ALGORITHM } from './rdata.ts'
import type { Validity } from './validity.ts'

/** Between a record's name and its data: type, class, TTL, length. */
const RECORD_HEAD_BYTES = 10

/** What belongs to a key while it signs. */
export interface Signer {
  readonly tag: number
  /** Apex of the zone that the key belongs to. */
  readonly zone: DnsName
  readonly key: KeyObject
}

/** Records of one name, class and type: never none, all with the same TTL. */
export interface RecordSet {
  readonly records: readonly ResourceRecord[]
  /** As it is signed: equal for equal sets, in whatever order their records come. */
  readonly canonical: Buffer
}

export function signerOf(key: ZoneKey, zone: DnsName): Signer {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    d: text(key.privateKey),
    x: text(key.publicKey.subarray(0, 32)),
    y: text(key.publicKey.subarray(32)),
  }
  return { tag: key.tag, zone, key: createPrivateKey({ key: jwk, format: 'jwk' }) }
}

/** Sets of a section, in the order of their first records. */
export function recordSets(records: readonly ResourceRecord[]): readonly RecordSet[] {
  const sets = Map.groupBy(records, ({ name, data }) => `${name} ${typeOf(data)}`)
  return [...sets.values()].map((set) => ({ records: set, canonical: canonicalForm(set) }))
}

/** RFC 4034, 6.2 and 6.3: names in small letters and whole, records in the order of their data, each once. */
export function canonicalForm(records: readonly ResourceRecord[]): Buffer {
  const forms = records.map((record) => {
    const writer = new MessageWriter({ compress: false })
    writeRecord(writer, record)
    const whole = Buffer.from(writer.written())
    return { whole, data: whole.subarray(nameToWire(record.name).byteLength + RECORD_HEAD_BYTES) }
  })
  forms.sort((a, b) => Buffer.compare(a.data, b.data))
  const once = forms.filter(({ data }, at) => at === 0 || forms[at - 1]?.data.equals(data) !== true)
  return Buffer.concat(once.map(({ whole }) => whole))
}

export function signSet(set: RecordSet, signer: Signer, { from, until }: Validity): ResourceRecord {
  const [first] = set.records
  if (first === undefined) throw new Error('Cannot sign a set without records')
  const signerName = nameToWire(signer.zone)
  const head = Buffer.alloc(18)
  head.writeUInt16BE(typeOf(first.data), 0)
  head[2] = ALGORITHM
  head[3] = countedLabels(first.name)
  head.writeUInt32BE(first.ttl, 4)
  head.writeUInt32BE(until, 8)
  head.writeUInt32BE(from, 12)
  head.writeUInt16BE(signer.tag, 16)
  const data = Buffer.concat([head, signerName, set.canonical])
  const signature = sign('sha256', data, { key: signer.key, dsaEncoding: 'ieee-p1363' })
  const bytes = Buffer.concat([head, signerName, signature])
  return internetRecord(first.name, first.ttl, { kind: 'other', type: TYPE.RRSIG, bytes })
}

/** All, since every answer has its own name; a star in front is none (RFC 4034, 3.1.3). */
function countedLabels(name: DnsName): number {
  const labels = labelsOf(name)
  return labels.length - (labels[0] === '*' ? 1 : 0)
}
