export { HttpDatabaseServer, type HttpDatabaseServerOptions } from './http-database-server.ts'
export type { ProxyOptions } from './line.ts'
export type { Pace } from './patience.ts'
