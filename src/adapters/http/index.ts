export type { ClientLogin } from './answer/clients.ts'
export type { GuardedPages, PageBody } from './answer/guarded-pages.ts'
export {
  loadSnapshot,
  type ServedFile,
  type Snapshot,
  type SnapshotOptions,
} from './files/snapshot.ts'
export type { LimitOptions } from './limits/admission.ts'
export { AccessLogFile, type AccessLogOptions } from './log/access-log-file.ts'
export type { RequestRecord } from './log/request-record.ts'
export type { FrontsOptions } from './request/fronts.ts'
export type { HttpsListener } from './servers/certificate.ts'
export { type HttpsServerOptions, startHttpsServer } from './servers/https.ts'
export { HttpServerError, type Listener } from './servers/listen.ts'
export { type HttpServerOptions, startHttpServer } from './servers/server.ts'
export { serveHere, type WebRules, type WebServers } from './servers/web-servers.ts'
export { Workers } from './threads/workers.ts'
