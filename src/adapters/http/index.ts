export { AccessLogFile, type AccessLogOptions } from './access-log-file.ts'
export { formatHttpDate, parseHttpDate } from './http-date.ts'
export { HttpProbe, type HttpProbeOptions } from './probe.ts'
export type { RequestRecord } from './request-record.ts'
export {
  type HttpServer,
  HttpServerError,
  type HttpServerOptions,
  startHttpServer,
} from './server.ts'
export { loadSnapshot, type ServedFile, type Snapshot, type SnapshotOptions } from './snapshot.ts'
