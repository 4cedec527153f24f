export {
  type MailOptions,
  type MonitorOptions,
  type RunningMonitor,
  startMonitor,
} from './compose.ts'
export { MONITOR_LEASE, Monitor } from './monitor.ts'
export type { MonitorWorld } from './options.ts'
export { Postman, type PostmanWorld } from './postman.ts'
