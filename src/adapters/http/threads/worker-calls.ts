/** What the threads of a mirror's web and the one that started them say to each other. */
import type { Outcome } from '#base/outcome.ts'
import type { LoopPolicy, LoopVerdict } from '#core/limits/index.ts'
import type { PageBody } from '../answer/guarded-pages.ts'
import type { Snapshot } from '../files/snapshot.ts'
import type { AskedWhole } from '../limits/admission.ts'
import type { Certificate } from '../servers/certificate.ts'
import type { Place } from '../servers/listen.ts'
import type { WebRules } from '../servers/web-servers.ts'

/** What a thread is born with. */
export interface WorkerBirth {
  readonly localFolder: string
  readonly chunksMax: number
  /** Of `Counts`, and the row that is this thread's. */
  readonly counts: SharedArrayBuffer
  readonly row: number
  /** An int32: the number of the release that is served. All threads switch in the moment it is written. */
  readonly served: SharedArrayBuffer
}

export interface WorkerRules extends Omit<WebRules, 'guarded'> {
  readonly login: { readonly user: string; readonly password: string } | undefined
}

export interface ListenerPlan {
  readonly id: number
  readonly place: Place
  /** HTTPS, where there is one. */
  readonly certificate: Certificate | undefined
}

/** What a thread is asked. */
export interface WorkerCalls {
  change(rules: WorkerRules): void
  /** Keeps a release ready. It is served when its number is. */
  load(number: number, snapshot: Snapshot): void
  /** What was asked before has begun; a port that was to be left is free. */
  settle(): Promise<void>
  /** Fails with why it cannot. */
  listen(plan: ListenerPlan): Promise<Outcome<void, string>>
  use(id: number, certificate: Certificate): Promise<void>
  drain(id: number): Promise<void>
  /** Who is being answered has a moment. */
  end(id: number): Promise<void>
  /** Ends all listeners; the lines that are left come first. */
  endAll(): Promise<void>
}

/** What a thread asks. */
export interface MainCalls {
  lines(text: string): void
  /** By path below `local_stats/`. */
  page(path: string): PageBody | undefined | Promise<PageBody | undefined>
  judge(asked: AskedWhole, policy: LoopPolicy): LoopVerdict | Promise<LoopVerdict>
}
