import { AnnouncedRelease } from '#adapters/store/index.ts'
import type { Serial } from '#base/names.ts'
import type { EpochMs } from '#base/time.ts'
import { epochSeconds, toSeconds } from '#base/time.ts'
import { HEALTH_POLICY, type Issued, type Watched } from '#core/health/index.ts'
import { serviceOf } from '#core/mirrors/index.ts'
import { atomFeed, type Letter } from '#core/notices/index.ts'
import { indexPage, mirrorsPage, pageMirrors, type Traffic } from '#core/pages/index.ts'
import type { Release } from '#core/release/index.ts'
import { type DayTraffic, trafficAt } from '#core/statistics/index.ts'
import { type Announced, announcedOf, dnsFile, type EngineFacts } from '#core/zone/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { Store } from '#ports/store.ts'

export interface PageFactsOptions {
  readonly zone: string
  readonly engine: EngineFacts
  readonly store: Store
  readonly clock: Clock
  /** Text of a small file of the tree that is public now; undefined when it is not in there. */
  readonly publicFile: (path: string) => Promise<string | undefined>
}

/**
 * What the pages say of the network, as the store said last: they are made in the middle of a publication, which does
 * not wait for anything.
 */
export class PageFacts {
  readonly #options: PageFactsOptions
  #mirrors: readonly Watched[] = []
  #newest: Issued | undefined
  #news: readonly Letter[] = []
  readonly #announcedRelease: AnnouncedRelease
  #announced: Announced | undefined
  #shownSerial: Serial | undefined
  #shown = ''
  readonly #totals = new Map<string, readonly DayTraffic[]>()
  #madeAt: EpochMs | undefined

  constructor(options: PageFactsOptions) {
    this.#options = options
    this.#announcedRelease = new AnnouncedRelease(options.store)
  }

  /** When pages went out last, for whatever reason. */
  get madeAt(): EpochMs | undefined {
    return this.#madeAt
  }

  /** True when the pages would read differently now. */
  get hasNews(): boolean {
    return this.#fingerprint() !== this.#shown
  }

  /** True when a release was announced that `dns.txt` does not tell of yet. */
  get hasAnnouncement(): boolean {
    return this.#announced !== undefined && this.#announced.serial !== this.#shownSerial
  }

  /** What a mirror said of its traffic; it holds until it says more, or the days have passed. */
  noteTotals(mirror: string, days: readonly DayTraffic[]): void {
    this.#totals.set(mirror, days)
  }

  /** Throws `StoreError`; then what was known holds. */
  async refresh(): Promise<void> {
    const { registry, releases, notices } = this.#options.store
    const healths = await registry.health.list()
    const health = new Map(healths.map(({ name, value }) => [name, value]))
    this.#mirrors = (await registry.mirrors.list()).map(({ name, value: record }) => ({
      record,
      health: health.get(name),
    }))
    this.#news = (await notices.news.list()).map(({ value }) => value)
    const announced = await this.#announcedRelease.read()
    this.#announced = announced && announcedOf(announced, this.#options.engine)
    const head = await releases.head()
    this.#newest = head && {
      serial: head.release.serial,
      generation: head.generation,
      stampedAt: head.committedAt,
    }
  }

  /** `index.html`, `mirrors.html`, `news.atom` and `dns.txt` of a tree that is about to be published. */
  async make(release: Release): Promise<ReadonlyMap<string, string>> {
    const { zone, clock, publicFile } = this.#options
    const before = await publicFile('dns.txt')
    const now = clock.now()
    const traffic = this.#traffic(now)
    this.#madeAt = now
    this.#shown = this.#fingerprint()
    this.#shownSerial = this.#announced?.serial
    const madeAt = toSeconds(now)
    const mirrors = pageMirrors(this.#mirrors, this.#newest, HEALTH_POLICY, now)
    const dns = dnsFile(before, this.#announced, madeAt)
    return new Map([
      ['index.html', indexPage(zone, release, madeAt, traffic)],
      ['mirrors.html', mirrorsPage({ zone, mirrors, newest: this.#newest, traffic, madeAt })],
      ['news.atom', atomFeed(zone, this.#news)],
      ...(dns === undefined ? [] : [['dns.txt', dns] as const]),
    ])
  }

  /** Of those that the page names. */
  #traffic(now: EpochMs): ReadonlyMap<string, Traffic> {
    const traffic = new Map<string, Traffic>()
    for (const { record } of this.#mirrors) {
      const sent = trafficAt(this.#totals.get(record.name) ?? [], now)
      if (serviceOf(record).shown && sent !== undefined) traffic.set(record.name, sent)
    }
    return traffic
  }

  /** Without the times that change with every making. */
  #fingerprint(): string {
    const { zone, clock } = this.#options
    const now = clock.now()
    const mirrors = pageMirrors(this.#mirrors, this.#newest, HEALTH_POLICY, now)
    const [traffic, madeAt] = [this.#traffic(now), epochSeconds(0)]
    return `${mirrorsPage({ zone, mirrors, newest: undefined, traffic, madeAt })}${atomFeed(zone, this.#news)}`
  }
}
