import { HttpDatabaseServer, type ProxyOptions } from '#adapters/database-server/index.ts'

/** User-Agent, for whom we pull from by HTTP. */
const AGENT = 'cvdnet mirror'
/** freshclam's `ConnectTimeout` and `ReceiveTimeout`. */
const WAITS = { connectMsMax: 30_000, silentMsMax: 60_000 }
/** A quarter of the slowest that mirrors serve on purpose; one that is slower holds us back, and another one is asked. */
const PACE = { bytesMin: 600_000, withinMs: 60_000, msMax: 12 * 3_600_000 }
const PROXY_PORT = 80

/** How a mirror asks other mirrors. `proxy` is an address as in `clam-clientsync.conf`. */
export function openWeb(proxy: string | undefined): HttpDatabaseServer {
  return new HttpDatabaseServer({
    agent: AGENT,
    ...WAITS,
    pace: PACE,
    proxy: proxy === undefined ? undefined : proxyOf(new URL(proxy)),
  })
}

function proxyOf({ hostname, port, username, password }: URL): ProxyOptions {
  return {
    server: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? PROXY_PORT : Number(port),
    user: username === '' ? undefined : decodeURIComponent(username),
    password: password === '' ? undefined : decodeURIComponent(password),
  }
}
