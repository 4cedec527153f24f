import { startMetricsServer } from '#adapters/metrics/index.ts'
import type { ListenSettings } from '#formats/cvdnet-toml/index.ts'
import type { Metric, MetricSource, Question } from '#ports/metric.ts'
import { EXIT, ended, say } from '../../io.ts'

/** One listener for all roles of this process. */
export async function runMetrics(
  { host, port }: ListenSettings,
  sources: readonly MetricSource[],
  questions: ReadonlyMap<string, Question>,
): Promise<AsyncDisposable> {
  const server = await startMetricsServer({ host, port, sources, questions }).catch((cause) => {
    throw ended(EXIT.world, `Cannot listen for [metrics] on ${host} port ${port}`, cause)
  })
  for (const path of ['/metrics', ...questions.keys()]) {
    say(`metrics: http://${server.host}:${server.port}${path}`)
  }
  return server
}

/** What a master publishes or a mirror serves. */
export function treeMetrics(
  role: 'master' | 'mirror',
  name: string,
  now: () => { readonly serial: number; readonly generation: number } | undefined,
): MetricSource {
  return () => {
    const tree = now()
    const labels = { role, name }
    const metrics: Metric[] = [
      {
        name: 'cvdnet_tree_serial',
        help: 'Release that is public here; 0: none yet',
        kind: 'gauge',
        labels,
        value: tree?.serial ?? 0,
      },
      {
        name: 'cvdnet_tree_generation',
        help: 'Generation of the pointers that are public here',
        kind: 'gauge',
        labels,
        value: tree?.generation ?? 0,
      },
    ]
    return metrics
  }
}
