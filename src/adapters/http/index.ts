export { formatHttpDate, parseHttpDate } from './http-date.ts'
export {
  type HttpServer,
  HttpServerError,
  type HttpServerOptions,
  type RequestRecord,
  startHttpServer,
} from './server.ts'
export { loadSnapshot, type ServedFile, type Snapshot, type SnapshotOptions } from './snapshot.ts'
