import { isHost } from '#base/host.ts'
import {
  branded,
  flag,
  type JsonReader,
  jsonCodec,
  listOf,
  object,
  oneOf,
  optional,
  text,
  textThat,
  whole,
} from '#base/json.ts'
import { isPlainName, parseDbName } from '#base/names.ts'
import { parseSshPublicKeyLine } from '#base/ssh-public-key.ts'
import { epochMs } from '#base/time.ts'
import { printSecrets } from '#formats/rsyncd-conf/index.ts'
import {
  type MasterRecord,
  MIRROR_STAGES,
  type MirrorRecord,
  REGIONS,
  type SigmakerRecord,
} from './record.ts'

/** How the registry's records are kept: strict both ways, since a mirror's record decides where clients are sent. */

/** Guesses, all far above what any network has; they bound what a damaged store can make us hold. */
const RECORDS_MAX = 1_000_000
const ADDRESSES_MAX = 64
const ALIASES_MAX = 64
const DOWNTIMES_MAX = 1000
const KEYS_MAX = 100
const DATABASES_MAX = 10_000
const MINUTES_A_DAY = 1440
const BANDWIDTH_MBIT_MAX = 1_000_000

const name = textThat('a name of letters, digits, "_", "." and "-"', isPlainName)
const host = textThat('a host name or an address', isHost)
const address = textThat('an address', (value) => isHost(value) && !/[G-Zg-z]/.test(value))
const port = whole(1, 65_535)
const key = textThat(
  'an ssh public key without comment',
  (value) => parseSshPublicKeyLine(value) === value,
)
const time = branded(
  (value) => (Number.isSafeInteger(value) ? epochMs(value) : undefined),
  'a time',
)
/** One that it does not take would shut the module for every mirror. */
const password = textThat(
  'a password that rsync takes',
  (value) => printSecrets([{ user: 'mirror', password: value }]).ok,
)
const minute = whole(0, MINUTES_A_DAY - 1)
const mail = textThat('a mail address', (value) => /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(value))
const databases: JsonReader<'*' | readonly string[]> = (value, path) =>
  value === '*' ? { ok: true, value } : databaseNames(value, path)
const databaseNames = listOf(
  textThat('a database name', (value) => parseDbName(value).ok),
  DATABASES_MAX,
)

const mirror: JsonReader<MirrorRecord> = object({
  name,
  stage: oneOf(MIRROR_STAGES),
  stageSince: time,
  stageReason: text(),
  host,
  addresses: listOf(address, ADDRESSES_MAX),
  httpPort: port,
  sshPort: port,
  account: name,
  hostKey: optional(key),
  aliases: listOf(host, ALIASES_MAX),
  country: textThat('two capital letters', (value) => /^[A-Z]{2}$/.test(value)),
  region: oneOf(REGIONS),
  bandwidthMbit: whole(1, BANDWIDTH_MBIT_MAX),
  admin: optional(mail),
  rsyncLogin: optional(object({ user: name, password, statisticsPassword: optional(password) })),
  downtimes: listOf(object({ from: time, until: time, reason: text() }), DOWNTIMES_MAX),
  push: object({
    bandwidthKbit: optional(whole(1, BANDWIDTH_MBIT_MAX * 1000)),
    window: optional(object({ from: minute, until: minute })),
  }),
})

const sigmaker: JsonReader<SigmakerRecord> = object({
  name,
  keys: listOf(key, KEYS_MAX),
  databases,
  mail: optional(mail),
})

const master: JsonReader<MasterRecord> = object({
  name,
  host,
  sshPort: port,
  rsyncPort: port,
  module: name,
  hostKey: key,
  triggerKey: key,
  rsyncLogin: object({ user: name, password }),
  isOut: flag,
})

export const mirrorCodec = jsonCodec(mirror)
export const sigmakerCodec = jsonCodec(sigmaker)
export const masterCodec = jsonCodec(master)

/** Those whom a master serves, as it remembers them while the store is away. */
export interface RegistrySnapshot {
  readonly sigmakers: readonly SigmakerRecord[]
  readonly mirrors: readonly MirrorRecord[]
}

export const snapshotCodec = jsonCodec<RegistrySnapshot>(
  object({ sigmakers: listOf(sigmaker, RECORDS_MAX), mirrors: listOf(mirror, RECORDS_MAX) }),
)
