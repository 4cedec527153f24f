export {
  type BackendZone,
  type PowerDnsBackend,
  PowerDnsError,
  startPowerDnsBackend,
} from './backend.ts'
