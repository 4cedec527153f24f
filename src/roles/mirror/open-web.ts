import { HttpDatabaseServer } from '#adapters/database-server/index.ts'

/** User-Agent, for whom we pull from by HTTP. */
const AGENT = 'cvdnet mirror'
/** freshclam's `ConnectTimeout` and `ReceiveTimeout`. */
const WAITS = { connectMsMax: 30_000, silentMsMax: 60_000 }

/** How a mirror asks other mirrors. */
export function openWeb(): HttpDatabaseServer {
  return new HttpDatabaseServer({ agent: AGENT, ...WAITS })
}
