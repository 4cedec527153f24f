export {
  parseScpRecord,
  SCP_FINE,
  SCP_RECORD_BYTES_MAX,
  type ScpFault,
  type ScpRecord,
  scpError,
} from './record.ts'
