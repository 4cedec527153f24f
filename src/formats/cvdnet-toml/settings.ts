import type { IpPrefix } from '#base/ip-address.ts'
import type { DbName } from '#base/names.ts'
import type { Region } from '#base/region.ts'

/**
 * The settings of one node, as roles are given them: every value checked, paths absolute, times in milliseconds,
 * sizes in bytes. A role runs when its section is there. Secrets are not among them, only where they are to be found.
 */
export interface Settings {
  readonly zone: string
  readonly state: string
  readonly log: LogSettings
  readonly registry: RegistrySettings
  readonly store: StoreSettings
  readonly master: MasterSettings | undefined
  readonly mirror: MirrorSettings | undefined
  readonly monitor: MonitorSettings | undefined
  readonly mail: MailSettings | undefined
  /** Where numbers for Prometheus are served. */
  readonly metrics: ListenSettings | undefined
  readonly dns: DnsSettings | undefined
  readonly updateRecord: UpdateRecordSettings
}

/** Fields of the update record that are not of a release (decision 17). */
export interface UpdateRecordSettings {
  readonly newestClamav: string
  readonly versionWarning: number
  readonly level: number
  readonly safebrowsing: number | undefined
}

export interface LogSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly format: 'text' | 'json'
}

export interface RegistrySettings {
  readonly bandwidthMbitMin: number
  readonly privateAddresses: 'refused' | 'allowed'
  /** Public key lines without comments. */
  readonly shellKeys: readonly string[]
}
export type StoreSettings =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: SecretPlace }

export interface ListenSettings {
  readonly host: string
  /** 0: the system chooses. */
  readonly port: number
}

export interface MasterSettings {
  readonly name: string
  readonly address: string
  readonly module: string
  readonly releasesKept: number
  readonly timestampEveryMs: number
  readonly networkKeys: string
  readonly ssh: ListenSettings
  readonly rsync: ListenSettings
  readonly uploadLimits: {
    readonly fileBytesMax: number
    readonly folderBytesMax: number
    readonly filesMax: number
  }
  readonly push: {
    readonly parallel: number
    readonly connectTimeoutMs: number
    readonly syncTimeoutMs: number
    readonly retries: number
    readonly retryBaseMs: number
    readonly retryMaxMs: number
    readonly canary: boolean
  }
  readonly publishers: readonly PublisherSettings[]
  readonly sigmakers: readonly SigmakerSettings[]
  readonly mirrors: readonly MirrorEntry[]
  /** Undefined: it follows nobody. */
  readonly upstream: UpstreamSettings | undefined
}

/** Somebody else's databases that a master follows. */
export interface UpstreamSettings {
  /** Base addresses. */
  readonly servers: readonly string[]
  readonly databases: readonly DbName[]
  /** Name of a TXT record. Undefined: the servers are asked. */
  readonly updateRecord: string | undefined
  readonly everyMs: number
  /** Undefined: our own name. */
  readonly agent: string | undefined
  readonly proxy:
    | { readonly host: string; readonly port: number; readonly login: LoginSettings | undefined }
    | undefined
}

export interface LoginSettings {
  readonly user: string
  readonly password: SecretPlace
}

/** Paths are those of files; ClamAV alone has none of keys. */
export interface PublisherSettings {
  readonly name: string
  readonly keys: string | undefined
  readonly secrets: string | undefined
  readonly certs: string | undefined
  readonly always: readonly ('patch' | 'sign')[]
}

export interface SigmakerSettings {
  readonly name: string
  /** Public key lines without comments. */
  readonly keys: readonly string[]
  readonly databases: '*' | readonly string[]
}

/** A mirror as a master knows it. */
export interface MirrorEntry {
  readonly name: string
  readonly host: string
  readonly httpPort: number
  readonly sshPort: number
  /** Account on the mirror that the trigger logs into. */
  readonly account: string
  readonly hostKey: string
  readonly country: string
  readonly region: Region
  readonly rsyncLogin: { readonly user: string; readonly password: SecretPlace }
  readonly bandwidthMbit: number
  readonly admin: string | undefined
}

export type SecretPlace =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'environment'; readonly name: string }

export interface MirrorSettings {
  readonly name: string
  /** Path of `clam-clientsync.conf`. */
  readonly conf: string
  readonly names: readonly string[]
  /** Undefined: only when a master calls. */
  readonly pullEveryMs: number | undefined
  readonly deleteShareMax: number
  readonly rebuild: boolean
  readonly ssh: ListenSettings
  readonly http: HttpSettings
  readonly https: HttpsSettings | undefined
  readonly statistics: StatisticsSettings | undefined
  readonly masters: readonly { readonly name: string; readonly key: string }[]
}

export interface HttpSettings extends ListenSettings {
  readonly accessLog: string | undefined
  /** Undefined: everybody may fetch. */
  readonly clientsFile: string | undefined
  readonly workers: number
  readonly connectionsMax: number
  /** 0: no bound. */
  readonly connectionsPerAddressMax: number
  readonly speeds: 'none' | 'clamav-advice'
  /** 0: no bound. */
  readonly downloadsMax: number
  /** 0: no bound. */
  readonly wholesAnHour: number
  readonly retryAfterMaxMs: number
  readonly fronts: readonly string[]
  readonly proxyProtocol: boolean
}

export interface HttpsSettings extends ListenSettings {
  readonly certificate: string
  readonly key: string
}

export interface StatisticsSettings {
  readonly user: string
  readonly password: SecretPlace
  /** Of another web server; empty: our own. */
  readonly logs: readonly string[]
  readonly daysKept: number
  readonly places: PlaceSettings
}

/** Where countries of addresses come from; `PlaceSource` of `adapters/geoip`. */
export type PlaceSettings =
  | { readonly kind: 'tor'; readonly ipv4: string; readonly ipv6: string }
  | { readonly kind: 'mmdb'; readonly file: string }

export interface MonitorSettings {
  readonly name: string
  /** How mirrors are judged; `HealthPolicy` of `core/health`. */
  readonly health: {
    readonly roundMs: number
    readonly confirmMs: number
    readonly failedLooksToDown: number
    readonly goodLooksToUp: number
    readonly oldAfterMs: number
    readonly removedAfterMs: number
    readonly backAfterLooks: number
    readonly blindShare: number
    readonly keepLast: number
    readonly unobservedMs: number
    readonly clockSkewMaxMs: number
    readonly stampOverdueMs: number
    readonly addressWarnAfterMs: number
  }
  readonly looksAtOnce: number
  readonly anchors: readonly { readonly host: string; readonly port: number }[]
  readonly nameServers: readonly { readonly host: string; readonly port: number }[]
  /** A published tree on this machine. */
  readonly tree: string | undefined
}

export interface MailSettings {
  readonly from: string
  readonly host: string
  readonly port: number
  readonly security: 'none' | 'starttls' | 'tls'
  readonly login: LoginSettings | undefined
  readonly lists: Readonly<Record<'virusdb' | 'mirrors' | 'team', string | undefined>>
  /** `NoticePolicy` of `core/notices`. */
  readonly notices: {
    readonly patienceMs: number
    readonly calmMs: number
    readonly remindEveryMs: number
    readonly lettersPerHourMax: number
  }
}

/** A machine with a name below the zone. */
export interface HostSettings {
  readonly name: string
  readonly addresses: readonly string[]
}

export interface DnsSettings {
  /** All on one port. */
  readonly hosts: readonly string[]
  readonly port: number
  /** Undefined: the zone is made of the store. */
  readonly snapshot: string | undefined
  readonly nameServers: readonly HostSettings[]
  readonly masters: readonly HostSettings[]
  readonly sockets: 'auto' | 'dgram'
  readonly sharePort: boolean
  readonly clientSubnet: boolean
  readonly rateLimit: { readonly perSecond: number; readonly slip: number }
  readonly unlimited: readonly IpPrefix[]
  readonly cookieSecretFile: string | undefined
  readonly places: PlaceSettings
  readonly overrides: readonly { readonly prefix: IpPrefix; readonly country: string }[]
  /** Undefined: as the snapshot says. TTLs in seconds. */
  readonly answers: {
    readonly addressesMax: number | undefined
    readonly nearMirrorsMin: number | undefined
    readonly mirrorTtl: number | undefined
    readonly wobblingTtl: number | undefined
    readonly recordTtl: number | undefined
    readonly overrideClamavNet: boolean | undefined
  }
  readonly secondaries: readonly {
    readonly host: string
    readonly port: number
    /** Name of the TSIG key. */
    readonly key: string
    readonly algorithm: 'hmac-sha256' | 'hmac-sha512'
    readonly keyFile: string
  }[]
  /** Undefined: the zone is not signed. */
  readonly dnssec: DnssecSettings | undefined
  /** Undefined: PowerDNS may not ask. */
  readonly powerDns: ListenSettings | undefined
}

export interface DnssecSettings {
  /** Folder. */
  readonly keys: string
  readonly signaturesPerSecond: number
}
