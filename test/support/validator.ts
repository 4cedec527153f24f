/** Validates answers of a signed zone by code that shares nothing with what signs them but the reader of messages. */
import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { type DnsMessage, type ResourceRecord, TYPE } from '#formats/dns-message/index.ts'

export interface Rrsig {
  readonly covered: number
  readonly labels: number
  readonly ttl: number
  readonly until: number
  readonly from: number
  readonly tag: number
  readonly signer: string
}

type Other = Extract<ResourceRecord['data'], { readonly kind: 'other' }>

function isOther(record: ResourceRecord, type: number): boolean {
  return record.data.kind === 'other' && record.data.type === type
}

function bytesOf(record: ResourceRecord): Buffer {
  return Buffer.from((record.data as Other).bytes)
}

function wire(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.')
  const parts = labels.map((label) => {
    const bytes = Buffer.from(
      label.replaceAll(/\\(\d{3})/g, (_, code) => String.fromCharCode(Number(code))),
      'latin1',
    )
    return Buffer.concat([Buffer.of(bytes.byteLength), bytes])
  })
  return Buffer.concat([...parts, Buffer.of(0)])
}

function readWire(bytes: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = []
  let at = start
  while ((bytes[at] ?? 0) !== 0) {
    const end = at + 1 + (bytes[at] ?? 0)
    labels.push(bytes.toString('latin1', at + 1, end))
    at = end
  }
  return { name: labels.join('.'), end: at + 1 }
}

export function readRrsig(record: ResourceRecord): Rrsig {
  const bytes = bytesOf(record)
  return {
    covered: bytes.readUInt16BE(0),
    labels: bytes[3] ?? 0,
    ttl: bytes.readUInt32BE(4),
    until: bytes.readUInt32BE(8),
    from: bytes.readUInt32BE(12),
    tag: bytes.readUInt16BE(16),
    signer: readWire(bytes, 18).name,
  }
}

function typeAndData({ data }: ResourceRecord): readonly [number, Buffer] {
  const number = (value: number, bytes: number) => {
    const all = Buffer.alloc(4)
    all.writeUInt32BE(value)
    return all.subarray(4 - bytes)
  }
  switch (data.kind) {
    case 'address':
      return [data.bytes.byteLength === 4 ? 1 : 28, Buffer.from(data.bytes)]
    case 'ns':
      return [2, wire(data.target)]
    case 'cname':
      return [5, wire(data.target)]
    case 'soa': {
      const { serial, refresh, retry, expire, minimum } = data
      const numbers = [serial, refresh, retry, expire, minimum].map((one) => number(one, 4))
      return [6, Buffer.concat([wire(data.primary), wire(data.mailbox), ...numbers])]
    }
    case 'txt':
      return [16, Buffer.concat(data.strings.flatMap((one) => [number(one.byteLength, 1), one]))]
    case 'caa': {
      const text = Buffer.from(data.tag + data.value, 'latin1')
      return [257, Buffer.concat([number(data.flags, 1), number(data.tag.length, 1), text])]
    }
    case 'other':
      return [data.type, Buffer.from(data.bytes)]
  }
}

/** Every set of the section has a good signature by a key with one of these (X and Y, 64 bytes). Returns the signatures. */
export function assertSigned(
  section: readonly ResourceRecord[],
  publicKeys: readonly Uint8Array[],
  now: number,
): readonly Rrsig[] {
  const signatures = section.filter((record) => isOther(record, TYPE.RRSIG))
  const sets = Map.groupBy(
    section.filter((record) => !isOther(record, TYPE.RRSIG)),
    (record) => `${record.name} ${typeAndData(record)[0]}`,
  )
  const used: Rrsig[] = []
  for (const [key, set] of sets) {
    const [first] = set
    assert.ok(first)
    const own = signatures.filter(
      (one) => one.name === first.name && readRrsig(one).covered === typeAndData(first)[0],
    )
    assert.ok(own.length > 0, `no signature of ${key}`)
    for (const record of own) used.push(assertGood(set, record, publicKeys, now))
  }
  assert.equal(used.length, signatures.length, 'no signature without its set')
  return used
}

function assertGood(
  set: readonly ResourceRecord[],
  record: ResourceRecord,
  publicKeys: readonly Uint8Array[],
  now: number,
): Rrsig {
  const rrsig = readRrsig(record)
  const bytes = bytesOf(record)
  const { end } = readWire(bytes, 18)
  assert.ok(rrsig.from <= now && now < rrsig.until, 'within its time')
  assert.equal(bytes[2], 13)
  assert.ok(set.every(({ ttl }) => ttl === rrsig.ttl && ttl === record.ttl))
  const labels = record.name === '' ? [] : record.name.split('.')
  assert.equal(rrsig.labels, labels.filter((label, at) => at > 0 || label !== '*').length)
  assert.ok(`.${record.name}`.endsWith(`.${rrsig.signer}`))
  const [type] = typeAndData(set[0] ?? record)
  const forms = set
    .map((one) => typeAndData(one)[1])
    .sort(Buffer.compare)
    .map((data) => {
      const head = Buffer.alloc(10)
      head.writeUInt16BE(type, 0)
      head.writeUInt16BE(1, 2)
      head.writeUInt32BE(rrsig.ttl, 4)
      head.writeUInt16BE(data.byteLength, 8)
      return Buffer.concat([wire(record.name), head, data])
    })
  const signed = Buffer.concat([bytes.subarray(0, end), ...forms])
  const good = publicKeys.some((key) =>
    verify(
      'sha256',
      signed,
      { key: publicKeyOf(key), dsaEncoding: 'ieee-p1363' },
      bytes.subarray(end),
    ),
  )
  assert.ok(good, `signature of ${record.name} type ${type}`)
  return rrsig
}

function publicKeyOf(bytes: Uint8Array) {
  const text = (part: Uint8Array) => Buffer.from(part).toString('base64url')
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: text(bytes.subarray(0, 32)),
    y: text(bytes.subarray(32)),
  }
  return createPublicKey({ key: jwk, format: 'jwk' })
}

/** What an NSEC says: its owner, the next name, the types. */
export function readNsec(record: ResourceRecord): {
  readonly owner: string
  readonly next: Buffer
  readonly types: readonly number[]
} {
  const bytes = bytesOf(record)
  const { end } = readWire(bytes, 0)
  const types: number[] = []
  let at = end
  while (at < bytes.byteLength) {
    const [window = 0, length = 0] = bytes.subarray(at, at + 2)
    for (const [index, byte] of bytes.subarray(at + 2, at + 2 + length).entries()) {
      for (let bit = 0; bit < 8; bit += 1) {
        if ((byte & (0x80 >> bit)) !== 0) types.push(window * 256 + index * 8 + bit)
      }
    }
    at += 2 + length
  }
  return { owner: record.name, next: bytes.subarray(0, end), types }
}

export function nsecIn({ authority, answer }: DnsMessage): ReturnType<typeof readNsec> | undefined {
  const found = [...authority, ...answer].find((record) => isOther(record, TYPE.NSEC))
  return found && readNsec(found)
}
