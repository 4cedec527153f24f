import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Metric, MetricSource } from '#ports/metric.ts'

export interface MetricsServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
}

/** A collector that hangs is not waited for longer. */
const REQUEST_MS_MAX = 10_000

/** `/metrics` for Prometheus: what the sources say now, and the process itself. */
export async function startMetricsServer(options: {
  readonly host: string
  readonly port: number
  readonly sources: readonly MetricSource[]
}): Promise<MetricsServer> {
  const own = new Registry()
  collectDefaultMetrics({ register: own })
  const server = createServer((request, response) => {
    void answer(request, response, own, options.sources)
  })
  server.requestTimeout = REQUEST_MS_MAX
  server.listen(options.port, options.host)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  return {
    host: options.host,
    port,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function answer(
  { method, url }: IncomingMessage,
  response: ServerResponse,
  own: Registry,
  sources: readonly MetricSource[],
): Promise<void> {
  if (url !== '/metrics' || (method !== 'GET' && method !== 'HEAD')) {
    response.writeHead(404).end()
    return
  }
  try {
    const metrics = (await Promise.all(sources.map((source) => source()))).flat()
    const text = `${await registryOf(metrics).metrics()}${await own.metrics()}`
    response.writeHead(200, { 'Content-Type': own.contentType }).end(text)
  } catch (error) {
    // A store that is away has no numbers; the collector sees that, and asks again.
    const words = error instanceof Error ? error.message : String(error)
    response.writeHead(503, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${words}\n`)
  }
}

function registryOf(metrics: readonly Metric[]): Registry {
  const registry = new Registry()
  const byName = Map.groupBy(metrics, ({ name }) => name)
  for (const [name, values] of byName) {
    const [first] = values
    if (first === undefined) continue
    const labelNames = Object.keys(first.labels ?? {})
    const config = { name, help: first.help, labelNames, registers: [registry] }
    if (first.kind === 'gauge') {
      const gauge = new Gauge(config)
      for (const { labels, value } of values) gauge.set(labels ?? {}, value)
    } else {
      const counter = new Counter(config)
      for (const { labels, value } of values) counter.inc(labels ?? {}, value)
    }
  }
  return registry
}
