import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Metric, MetricSource, Question } from '#ports/metric.ts'

export interface MetricsServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
}

/** A collector that hangs is not waited for longer. */
const REQUEST_MS_MAX = 10_000

export interface MetricsServerOptions {
  readonly host: string
  readonly port: number
  readonly sources: readonly MetricSource[]
  /** By path: `/explain`. */
  readonly questions?: ReadonlyMap<string, Question>
}

/** `/metrics` for Prometheus, what the sources say now and the process itself; and answers to an operator's questions. */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const own = new Registry()
  collectDefaultMetrics({ register: own })
  const server = createServer((request, response) => {
    void answer(request, response, own, options)
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
  { sources, questions = new Map() }: MetricsServerOptions,
): Promise<void> {
  const [path = '', ...query] = (url ?? '').split('?')
  const question = questions.get(path)
  const isKnown = url === '/metrics' || question !== undefined
  if (!isKnown || (method !== 'GET' && method !== 'HEAD')) {
    response.writeHead(404).end()
    return
  }
  try {
    if (question !== undefined) {
      const answered = await question(new URLSearchParams(query.join('?')))
      if (answered.ok) sendJson(response, 200, answered.value)
      else sendJson(response, 400, { error: answered.fault })
      return
    }
    const metrics = (await Promise.all(sources.map((source) => source()))).flat()
    const text = `${await registryOf(metrics).metrics()}${await own.metrics()}`
    response.writeHead(200, { 'Content-Type': own.contentType }).end(text)
  } catch (error) {
    // A store that is away has no numbers; the collector sees that, and asks again.
    const words = error instanceof Error ? error.message : String(error)
    response.writeHead(503, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${words}\n`)
  }
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' })
  response.end(`${JSON.stringify(value, null, 2)}\n`)
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
