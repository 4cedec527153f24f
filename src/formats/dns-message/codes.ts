/** Numbers of the protocol, as IANA keeps them. */
export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  DS: 43,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  CDS: 59,
  CDNSKEY: 60,
  NXNAME: 128,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
  CAA: 257,
} as const

export const CLASS = { IN: 1, CH: 3, NONE: 254, ANY: 255 } as const

export const OPCODE = { QUERY: 0, NOTIFY: 4, UPDATE: 5 } as const

export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  NOTAUTH: 9,
  BADVERS: 16,
  BADCOOKIE: 23,
} as const

export const EDNS_OPTION = { CLIENT_SUBNET: 8, COOKIE: 10 } as const

/** Bits of the OPT record's last word (RFC 3225; RFC 9824, 5.1). */
export const EDNS_FLAG = { DO: 0x8000, CO: 0x4000 } as const

/** Bits of the header's second word (RFC 1035, 4.1.1; RFC 4035, 3.2.3). */
export const FLAG = {
  QR: 0x8000,
  OPCODE: 0x7800,
  AA: 0x0400,
  TC: 0x0200,
  RD: 0x0100,
  RA: 0x0080,
  AD: 0x0020,
  CD: 0x0010,
  RCODE: 0x000f,
} as const

export const HEADER_BYTES = 12

const NAME_OF = new Map<number, string>(Object.entries(TYPE).map(([name, type]) => [type, name]))

/** `REFUSED`, or the number. */
export function rcodeName(rcode: number): string {
  return Object.entries(RCODE).find(([, code]) => code === rcode)?.[0] ?? String(rcode)
}

/** `AAAA`, or `TYPE65` (RFC 3597). */
export function typeName(type: number): string {
  return NAME_OF.get(type) ?? `TYPE${type}`
}
