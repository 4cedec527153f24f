import { checkTwins } from './combinations.ts'
import * as mirror from './mirror-table.ts'
import { type Place, readListen, readPassword } from './parse-common.ts'
import { readPlaces } from './place-fields.ts'
import type { DocumentReader, TableReader } from './reader.ts'
import type { HttpSettings, HttpsSettings, MirrorSettings, StatisticsSettings } from './settings.ts'

export function readMirror(file: DocumentReader, place: Place): MirrorSettings {
  const at = file.table(mirror.MIRROR)
  const { fields } = mirror.MIRROR
  const masters = file.list(mirror.MIRROR_MASTERS)
  const { name, key } = mirror.MIRROR_MASTERS.fields
  const own = at.read(fields.name)
  const settings: MirrorSettings = {
    name: own,
    conf: place.of(at.read(fields.conf)),
    names: at.read(fields.names),
    pullEveryMs: at.read(fields.pullEvery),
    deleteShareMax: at.read(fields.deleteShareMax),
    rebuild: at.read(fields.rebuild),
    ssh: readListen(file.table(mirror.MIRROR_SSH), mirror.MIRROR_SSH.fields),
    http: readHttp(file.table(mirror.MIRROR_HTTP), place),
    https: readHttps(file.table(mirror.MIRROR_HTTPS), place),
    statistics: readStatistics(file.table(mirror.MIRROR_STATISTICS), own, place),
    masters: masters.map((one) => ({ name: one.read(name), key: one.read(key) })),
  }
  const isFilled = masters.length > 0 || settings.pullEveryMs !== undefined
  if (!isFilled && !at.read(fields.carried) && !at.hasFault('masters', 'pull_every', 'carried')) {
    at.refuse(
      'masters',
      'without [[mirror.masters]] nobody may call this mirror, and without pull_every it does not pull by itself',
    )
  }
  checkTwins(
    masters,
    'name',
    settings.masters.map((one) => [one.name]),
  )
  checkTwins(
    masters,
    'key',
    settings.masters.map((one) => [one.key]),
  )
  return settings
}

function readHttp(at: TableReader, place: Place): HttpSettings {
  const { fields } = mirror.MIRROR_HTTP
  const [accessLog, clientsFile] = [at.read(fields.accessLog), at.read(fields.clientsFile)]
  const http = {
    ...readListen(at, fields),
    accessLog: accessLog === undefined ? undefined : place.of(accessLog),
    clientsFile: clientsFile === undefined ? undefined : place.of(clientsFile),
    workers: at.read(fields.workers),
    connectionsMax: at.read(fields.connectionsMax),
    connectionsPerAddressMax: at.read(fields.connectionsPerAddressMax),
    speeds: at.read(fields.speeds),
    downloadsMax: at.read(fields.downloadsMax),
    wholesAnHour: at.read(fields.wholesAnHour),
    retryAfterMaxMs: at.read(fields.retryAfterMaxMs),
    fronts: at.read(fields.fronts),
    proxyProtocol: at.read(fields.proxyProtocol),
  }
  if (http.proxyProtocol && http.fronts.length === 0 && !at.hasFault('fronts')) {
    at.refuse('proxy_protocol', 'without fronts nobody is believed')
  }
  return http
}

function readHttps(at: TableReader, place: Place): HttpsSettings | undefined {
  const { fields } = mirror.MIRROR_HTTPS
  const [certificate, key] = [at.read(fields.certificate), at.read(fields.key)]
  const listen = readListen(at, fields)
  if ((certificate === undefined) !== (key === undefined) && !at.hasFault('certificate', 'key')) {
    at.refuse('certificate', 'certificate and key are needed together')
  }
  if (certificate === undefined || key === undefined) return undefined
  return { ...listen, certificate: place.of(certificate), key: place.of(key) }
}

function readStatistics(
  at: TableReader,
  mirrorName: string,
  place: Place,
): StatisticsSettings | undefined {
  const { fields } = mirror.MIRROR_STATISTICS
  const hasPassword = [fields.passwordFile, fields.passwordEnv].some(
    (field) => at.read(field) !== undefined,
  )
  const settings = {
    user: at.read(fields.user) ?? mirrorName,
    logs: at.read(fields.logs).map((path) => place.of(path)),
    daysKept: at.read(fields.daysKept),
    places: readPlaces(at, (path) => place.of(path)),
  }
  if (!hasPassword) return undefined
  return { ...settings, password: readPassword(at, fields, place) }
}
