import { ok } from '#base/outcome.ts'
import type { MetricSource, Question } from '#ports/metric.ts'
import { type DnsNode, dnsMetrics, explainAsked } from '#roles/dns/index.ts'

/** What a name server tells its operator over HTTP. It may have to wait for its first snapshot; until then it says so. */
export class DnsNumbers {
  #node: DnsNode | undefined

  begin(node: DnsNode): void {
    this.#node = node
  }

  end(): void {
    this.#node = undefined
  }

  readonly metrics: MetricSource = async () =>
    this.#node === undefined ? [] : dnsMetrics(await this.#node.status())

  readonly questions: ReadonlyMap<string, Question> = new Map<string, Question>([
    ['/explain', (query) => explainAsked(this.#running(), query)],
    ['/dns', async () => ok(await this.#running().status())],
  ])

  #running(): DnsNode {
    if (this.#node !== undefined) return this.#node
    throw new Error('the name server waits for the zone')
  }
}
