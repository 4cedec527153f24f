import { readTreePiece } from '#adapters/disk/index.ts'
import { DnsLook } from '#adapters/dns/index.ts'
import { type Anchor, checkOwnLine, HttpMirrorCheck } from '#adapters/http-check/index.ts'
import { SmtpMailer, type SmtpOptions } from '#adapters/smtp/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import type { HealthPolicy } from '#core/health/index.ts'
import type { MirrorRecord } from '#core/mirrors/index.ts'
import { type ListName, NOTICE_POLICY, type NoticePolicy } from '#core/notices/index.ts'
import type { Store } from '#ports/store.ts'
import { Monitor } from './monitor.ts'
import type { WatchedNameServers } from './name-servers.ts'
import { Postman } from './postman.ts'

/** What a monitor is told by its settings. */
export interface MonitorOptions {
  readonly name: string
  readonly zone: string
  readonly store: Store
  readonly health: HealthPolicy
  readonly looksAtOnce: number
  readonly anchors: readonly Anchor[]
  /** Of the zone, all of them. */
  readonly nameServers: WatchedNameServers['servers']
  /** What a master on this machine publishes. */
  readonly tree: string | undefined
  /** Undefined: letters wait in the store. */
  readonly mail: MailOptions | undefined
  readonly onEvent?: (line: string) => void
}

export interface MailOptions extends SmtpOptions {
  readonly lists: Readonly<Record<ListName, string | undefined>>
  readonly notices: NoticePolicy
}

export interface RunningMonitor extends AsyncDisposable {
  readonly monitor: Monitor
}

/** The one place that picks the world for a monitor. Disposing it ends the looks under way and gives the lease back. */
export function startMonitor(options: MonitorOptions): RunningMonitor {
  const { name, zone, store, health, looksAtOnce, anchors, tree, mail, nameServers } = options
  const onEvent = options.onEvent ?? (() => {})
  const clock = systemClock
  const draw = Math.random
  const monitor = new Monitor({
    self: name,
    zone,
    store,
    check: new HttpMirrorCheck({ clock, draw }),
    clock,
    draw,
    health,
    notices: mail?.notices ?? NOTICE_POLICY,
    looksAtOnce,
    nameServers: { look: new DnsLook(clock), servers: nameServers },
    hostsOf: (record) => servedHosts(zone, record),
    checkOwnLine: (signal) => checkOwnLine(anchors, signal),
    ...(tree === undefined
      ? {}
      : {
          ownCopy: (serial) => (path, from, bytes) =>
            readTreePiece(tree, serial, { path, from, bytes }),
        }),
    onEvent,
  })
  const stop = new AbortController()
  const running = [monitor.run(stop.signal)]
  if (mail !== undefined) {
    const mailer = new SmtpMailer(mail)
    const { lists } = mail
    const postman = new Postman({ self: name, zone, store, mailer, clock, lists, onEvent })
    running.push(postman.run(stop.signal))
  }
  return {
    monitor,
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('The monitor is stopping'))
      await Promise.all(running)
    },
  }
}

/** Every mirror answers for the zone's names (R42), and for its own. */
function servedHosts(zone: string, { region, aliases }: MirrorRecord): readonly string[] {
  return [`database.${zone}`, `db.${region}.${zone}`, ...aliases]
}
