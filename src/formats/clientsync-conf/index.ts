export { isBaseAddress, isProxyAddress } from './address.ts'
export {
  type ClientsyncConf,
  type ClientsyncConfFault,
  CONF_CHARS_MAX,
  type ConfKey,
  parseClientsyncConf,
} from './conf.ts'
export { type HostPort, parseHostPort, printHostPort } from './host.ts'
export { type Master, type MasterFault, resolveMaster } from './master.ts'
export { describeClientsyncConfFault, printClientsyncConf } from './print.ts'
