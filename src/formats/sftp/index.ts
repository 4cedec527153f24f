export {
  sftpAttributes,
  sftpData,
  sftpHandle,
  sftpNames,
  sftpStatus,
  sftpVersion,
} from './answers.ts'
export { SftpPackets } from './packets.ts'
export {
  SFTP_PACKET_BYTES_MAX,
  SFTP_STATUS,
  type SftpAttributes,
  type SftpFault,
  type SftpNameEntry,
  type SftpOpenFlags,
  type SftpRequest,
  type SftpStatus,
} from './protocol.ts'
export { parseSftpRequest } from './requests.ts'
