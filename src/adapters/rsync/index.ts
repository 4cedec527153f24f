export { RsyncDaemon, RsyncDaemonError, type RsyncDaemonEvent } from './daemon.ts'
