import { printIpAddress } from '#base/ip-address.ts'
import { type RecordData, typeName, typeOf } from '#formats/dns-message/index.ts'

/** A record's value as PowerDNS and zone files write it. */
export function contentOf(data: RecordData): { readonly qtype: string; readonly content: string } {
  const qtype = typeName(typeOf(data))
  switch (data.kind) {
    case 'address':
      return { qtype, content: printIpAddress(data.bytes) }
    case 'ns':
    case 'cname':
      return { qtype, content: `${data.target}.` }
    case 'soa': {
      const times = [data.serial, data.refresh, data.retry, data.expire, data.minimum]
      return { qtype, content: [`${data.primary}.`, `${data.mailbox}.`, ...times].join(' ') }
    }
    case 'txt':
      return { qtype, content: data.strings.map(quoted).join(' ') }
    case 'caa':
      return {
        qtype,
        content: `${data.flags} ${data.tag} ${quoted(Buffer.from(data.value, 'latin1'))}`,
      }
    case 'other':
      return {
        qtype,
        content: `\\# ${data.bytes.byteLength} ${Buffer.from(data.bytes).toString('hex')}`,
      }
  }
}

function quoted(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1')
  const escaped = text.replaceAll(/["\\]|[^\x20-\x7e]/g, (one) =>
    one === '"' || one === '\\' ? `\\${one}` : `\\${String(one.charCodeAt(0)).padStart(3, '0')}`,
  )
  return `"${escaped}"`
}
