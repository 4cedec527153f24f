export { type DnsNode, type DnsStatus, startDns, whereIs } from './compose.ts'
export type { Listener } from './listeners.ts'
export type { DnsOptions } from './options.ts'
export { SnapshotFile, ZoneFeed } from './sources.ts'
