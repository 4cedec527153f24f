export {
  RsyncDaemon,
  RsyncDaemonError,
  type RsyncDaemonEvent,
  type RsyncDaemonOptions,
} from './daemon.ts'
export { RsyncTransfer, type RsyncTransferOptions } from './pull.ts'
