export { ownAgent } from './agent.ts'
export { Announcements } from './announcements.ts'
export {
  type AskingRun,
  askServer,
  askServers,
  Failures,
  type Question,
  type Taken,
} from './ask-servers.ts'
export { firstText, type TextQuestion } from './first-text.ts'
export { HttpDatabaseServer, type HttpDatabaseServerOptions } from './http-database-server.ts'
export type { ProxyOptions } from './line.ts'
export { fetchMetadata } from './metadata.ts'
export type { Pace } from './patience.ts'
export { sweep } from './scratch.ts'
