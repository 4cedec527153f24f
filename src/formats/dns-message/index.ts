export {
  CLASS,
  EDNS_FLAG,
  EDNS_OPTION,
  FLAG,
  HEADER_BYTES,
  OPCODE,
  RCODE,
  rcodeName,
  TYPE,
  typeName,
} from './codes.ts'
export {
  CLIENT_COOKIE_BYTES,
  COOKIE_BYTES,
  COOKIE_SECRET_BYTES,
  isGoodCookie,
  makeCookie,
} from './cookie.ts'
export {
  type ClientSubnet,
  type Edns,
  type EdnsFault,
  type EdnsOption,
  printClientSubnet,
  readClientSubnet,
} from './edns.ts'
export {
  type DnsMessage,
  type MessageFault,
  parseMessage,
  printMessage,
  QUERY,
  type Question,
} from './message.ts'
export {
  type DnsName,
  dnsName,
  isBelow,
  labelsOf,
  type NameFault,
  nameToWire,
  parseDnsName,
  readName,
} from './name.ts'
export { QueryReader, type QueryVerdict } from './query-reader.ts'
export {
  internetRecord,
  type RecordData,
  type RecordFault,
  type ResourceRecord,
  type Soa,
  txt,
  typeOf,
  writeRecord,
} from './record.ts'
export { sipHash24 } from './siphash.ts'
export {
  type Signed,
  TSIG_ALGORITHMS,
  type TsigAlgorithm,
  type TsigFault,
  type TsigKey,
  TsigSigner,
  tsigRefusal,
  verifyTsig,
} from './tsig.ts'
export { MessageTooLong, MessageWriter } from './writer.ts'
