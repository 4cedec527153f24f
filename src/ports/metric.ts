import type { Outcome } from '#base/outcome.ts'

/** One number about the program or its network, for whoever collects them. Names follow Prometheus' conventions. */
export interface Metric {
  /** `cvdnet_mirrors`, in base units: seconds, bytes. */
  readonly name: string
  readonly help: string
  /** A counter only grows while the process lives. */
  readonly kind: 'gauge' | 'counter'
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

/** Answered with a value for JSON, or with a sentence that says what is wrong with the question. */
export type Question = (
  query: URLSearchParams,
) => Outcome<unknown, string> | Promise<Outcome<unknown, string>>

/** Asked at each collection. */
export type MetricSource = () => readonly Metric[] | Promise<readonly Metric[]>
