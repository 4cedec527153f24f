import { parse, TomlError } from 'smol-toml'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { checkListeners, checkTwins } from './combinations.ts'
import { DNS } from './dns-table.ts'
import type { SettingsFault } from './fault.ts'
import { indexLines } from './line-index.ts'
import * as master from './master-table.ts'
import { MIRROR } from './mirror-table.ts'
import { Place, readListen, readPassword } from './parse-common.ts'
import { readMirror } from './parse-mirror.ts'
import { readDns, readUpdateRecord } from './read-dns.ts'
import { readMail, readMetrics, readMonitor } from './read-watch.ts'
import { DocumentReader, type TableReader } from './reader.ts'
import { REGISTRY, readRegistry } from './registry-table.ts'
import type { MasterSettings, MirrorEntry, PublisherSettings, Settings } from './settings.ts'
import { readStore, STORE } from './store-table.ts'
import { LOG, ROOT } from './table.ts'
import { readUpstream } from './upstream-table.ts'
import { MAIL, METRICS, MONITOR } from './watch-table.ts'

/** Guess: thirty thousand mirrors. */
export const SETTINGS_CHARS_MAX = 16 * 1024 * 1024

interface Around {
  /** Where the file lies, absolute: relative paths in it start there. */
  readonly folder: string
  /** Of a node that runs and cannot change it; the file's own is checked, and then left. */
  readonly state?: string
}

export function parseSettings(
  text: string,
  { folder, state: fixed }: Around,
): Outcome<Settings, readonly SettingsFault[]> {
  if (text.length > SETTINGS_CHARS_MAX) {
    return fail([{ kind: 'too-large', line: 1, charsMax: SETTINGS_CHARS_MAX }])
  }
  const document = parseToml(text)
  if (!document.ok) return document
  const file = new DocumentReader(document.value, indexLines(text))
  const place = new Place(folder)
  const root = file.table(ROOT)
  const own = place.of(root.read(ROOT.fields.state))
  const state = fixed ?? own
  const log = file.table(LOG)
  const zone = root.read(ROOT.fields.zone)
  const settings: Settings = {
    zone,
    state,
    log: { level: log.read(LOG.fields.level), format: log.read(LOG.fields.format) },
    registry: readRegistry(file.table(REGISTRY)),
    store: readStore(file.table(STORE), (path) => place.of(path), state),
    master: file.has(master.MASTER) ? readMaster(file, place, { state, zone }) : undefined,
    mirror: file.has(MIRROR) ? readMirror(file, place) : undefined,
    monitor: file.has(MONITOR) ? readMonitor(file, (path) => place.of(path)) : undefined,
    mail: file.has(MAIL) ? readMail(file, place) : undefined,
    metrics: file.has(METRICS) ? readMetrics(file) : undefined,
    updateRecord: readUpdateRecord(file),
    dns: file.has(DNS) ? readDns(file, (path) => place.of(path)) : undefined,
  }
  const roles = [settings.master, settings.mirror, settings.monitor, settings.dns]
  if (
    roles.every((role) => role === undefined) &&
    !root.hasFault('master', 'mirror', 'monitor', 'dns')
  ) {
    root.refuse(
      'master',
      'none of [master], [mirror], [monitor], [dns] is here, so nothing is to run',
    )
  }
  checkListeners(file, settings)
  return file.faults.length > 0 ? fail(file.faults) : ok(settings)
}

function parseToml(
  text: string,
): Outcome<Readonly<Record<string, unknown>>, readonly SettingsFault[]> {
  try {
    return ok(parse(text))
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    // The library's message goes on with the lines around, which may hold anything.
    const message = (error.message.split('\n')[0] ?? '').replace('Invalid TOML document: ', '')
    return fail([{ kind: 'syntax', line: error.line, message }])
  }
}

function readMaster(
  file: DocumentReader,
  place: Place,
  { state, zone }: { readonly state: string; readonly zone: string },
): MasterSettings {
  const at = file.table(master.MASTER)
  const { fields } = master.MASTER
  const networkKeys = at.read(fields.networkKeys)
  const sigmakers = file.list(master.SIGMAKERS)
  const mirrors = file.list(master.MIRRORS)
  const { name, keys, databases } = master.SIGMAKERS.fields
  const own = at.read(fields.name)
  const rsync = readListen(file.table(master.MASTER_RSYNC), master.MASTER_RSYNC.fields)
  const settings: MasterSettings = {
    name: own,
    address: at.read(fields.address) ?? (isAnywhere(rsync.host) ? `${own}.${zone}` : rsync.host),
    module: at.read(fields.module),
    releasesKept: at.read(fields.releasesKept),
    timestampEveryMs: at.read(fields.timestampEveryMs),
    networkKeys: networkKeys === undefined ? `${state}/network` : place.of(networkKeys),
    ssh: readListen(file.table(master.MASTER_SSH), master.MASTER_SSH.fields),
    rsync,
    uploadLimits: readUploadLimits(file.table(master.MASTER_UPLOAD)),
    push: readPush(file.table(master.MASTER_PUSH)),
    publishers: readPublishers(file, place),
    sigmakers: sigmakers.map((one) => ({
      name: one.read(name),
      keys: one.read(keys),
      databases: one.read(databases),
    })),
    mirrors: mirrors.map((one) => readMirrorEntry(one, place)),
    upstream: readUpstream(file, place),
  }
  checkTwins(
    sigmakers,
    'name',
    settings.sigmakers.map((one) => [one.name]),
  )
  checkTwins(
    sigmakers,
    'key',
    settings.sigmakers.map((one) => one.keys),
  )
  checkTwins(
    mirrors,
    'name',
    settings.mirrors.map((one) => [one.name]),
  )
  checkTwins(
    mirrors,
    'user',
    settings.mirrors.map((one) => [one.rsyncLogin.user]),
  )
  return settings
}

/** The one publisher whose keys are built in. */
const BUILT_IN = 'ClamAV'

function readPublishers(file: DocumentReader, place: Place): readonly PublisherSettings[] {
  const elements = file.list(master.PUBLISHERS)
  const { fields } = master.PUBLISHERS
  const publishers = elements.map((at): PublisherSettings => {
    const path = (field: typeof fields.keys) => {
      const given = at.read(field)
      return given === undefined ? undefined : place.of(given)
    }
    const [keys, secrets, certs] = [path(fields.keys), path(fields.secrets), path(fields.certs)]
    const one = { name: at.read(fields.name), keys, secrets, certs, always: at.read(fields.always) }
    checkPublisher(at, one)
    return one
  })
  checkTwins(
    elements,
    'name',
    publishers.map((one) => [one.name]),
  )
  return publishers
}

function checkPublisher(
  at: TableReader,
  { name, keys, secrets, certs, always }: PublisherSettings,
) {
  if (name === BUILT_IN) {
    const given = keys === undefined ? 'secrets' : 'keys'
    if (keys !== undefined || secrets !== undefined) {
      at.refuse(given, `the keys of ${BUILT_IN} are built in, and nobody here has its secrets`)
    }
  } else if (keys === undefined && !at.hasFault('keys', 'name')) {
    at.refuse('keys', 'needed, or nothing of this publisher could be verified')
  }
  if (always.includes('sign') && certs === undefined && !at.hasFault('certs')) {
    at.refuse('always', '"sign" needs certs, without which no .sign is accepted')
  }
}

function readUploadLimits(at: TableReader): MasterSettings['uploadLimits'] {
  const { fields } = master.MASTER_UPLOAD
  const limits = {
    fileBytesMax: at.read(fields.fileBytesMax),
    folderBytesMax: at.read(fields.folderBytesMax),
    filesMax: at.read(fields.filesMax),
  }
  if (limits.fileBytesMax > limits.folderBytesMax) {
    at.refuse('file_max', 'larger than folder_max, so the largest file would never fit')
  }
  return limits
}

function isAnywhere(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function readPush(at: TableReader): MasterSettings['push'] {
  const { fields } = master.MASTER_PUSH
  const push = {
    parallel: at.read(fields.parallel),
    connectTimeoutMs: at.read(fields.connectTimeoutMs),
    syncTimeoutMs: at.read(fields.syncTimeoutMs),
    retries: at.read(fields.retries),
    retryBaseMs: at.read(fields.retryBaseMs),
    retryMaxMs: at.read(fields.retryMaxMs),
    canary: at.read(fields.canary),
  }
  if (push.retryBaseMs > push.retryMaxMs) {
    at.refuse('retry_base', 'longer than retry_max')
  }
  return push
}

function readMirrorEntry(at: TableReader, place: Place): MirrorEntry {
  const { fields } = master.MIRRORS
  return {
    name: at.read(fields.name),
    host: at.read(fields.host),
    httpPort: at.read(fields.httpPort),
    sshPort: at.read(fields.sshPort),
    account: at.read(fields.account),
    hostKey: at.read(fields.hostKey),
    country: at.read(fields.country),
    region: at.read(fields.region),
    rsyncLogin: { user: at.read(fields.user), password: readPassword(at, fields, place) },
    bandwidthMbit: at.read(fields.bandwidthMbit),
    admin: at.read(fields.admin),
  }
}
