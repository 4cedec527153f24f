export { RsyncDaemon, RsyncDaemonError, type RsyncDaemonEvent } from './daemon.ts'
export { RsyncTransfer, type RsyncTransferOptions } from './pull.ts'
