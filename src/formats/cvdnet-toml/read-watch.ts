import { type Place, readLogin } from './parse-common.ts'
import type { DocumentReader } from './reader.ts'
import type { ListenSettings, MailSettings, MonitorSettings } from './settings.ts'
import { MAIL, METRICS, MONITOR } from './watch-table.ts'

type PlaceOf = (path: string) => string

export function readMonitor(file: DocumentReader, placeOf: PlaceOf): MonitorSettings {
  const at = file.table(MONITOR)
  const { fields } = MONITOR
  const tree = at.read(fields.tree)
  const health = {
    roundMs: at.read(fields.roundMs),
    confirmMs: at.read(fields.confirmMs),
    failedLooksToDown: at.read(fields.failedLooksToDown),
    goodLooksToUp: at.read(fields.goodLooksToUp),
    oldAfterMs: at.read(fields.oldAfterMs),
    removedAfterMs: at.read(fields.removedAfterMs),
    backAfterLooks: at.read(fields.backAfterLooks),
    blindShare: at.read(fields.blindShare),
    keepLast: at.read(fields.keepLast),
    unobservedMs: at.read(fields.unobservedMs),
    clockSkewMaxMs: at.read(fields.clockSkewMaxMs),
    stampOverdueMs: at.read(fields.stampOverdueMs),
    addressWarnAfterMs: at.read(fields.addressWarnAfterMs),
  }
  if (health.confirmMs > health.roundMs) at.refuse('confirm', 'longer than round')
  // Looks keep their distance up to a quarter more than a round.
  if (health.unobservedMs < 2 * health.roundMs && !at.hasFault('unobserved', 'round')) {
    at.refuse('unobserved', 'shorter than two rounds, so that every look would count for nothing')
  }
  return {
    name: at.read(fields.name),
    health,
    looksAtOnce: at.read(fields.looksAtOnce),
    anchors: at.read(fields.anchors),
    nameServers: at.read(fields.nameServers),
    tree: tree === undefined ? undefined : placeOf(tree),
  }
}

export function readMail(file: DocumentReader, place: Place): MailSettings {
  const at = file.table(MAIL)
  const { fields } = MAIL
  return {
    from: at.read(fields.from),
    host: at.read(fields.host),
    port: at.read(fields.port),
    security: at.read(fields.security),
    login: readLogin(at, fields, place),
    lists: {
      virusdb: at.read(fields.virusdb),
      mirrors: at.read(fields.mirrors),
      team: at.read(fields.team),
    },
    notices: {
      patienceMs: at.read(fields.patienceMs),
      calmMs: at.read(fields.calmMs),
      remindEveryMs: at.read(fields.remindEveryMs),
      lettersPerHourMax: at.read(fields.lettersPerHourMax),
    },
  }
}

export function readMetrics(file: DocumentReader): ListenSettings {
  const at = file.table(METRICS)
  return { host: at.read(METRICS.fields.host), port: at.read(METRICS.fields.port) }
}
