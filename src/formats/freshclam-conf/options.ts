import { parseConfBool, parseConfNumber } from '#base/clam-conf.ts'

/**
 * The options of freshclam 1.4 and 1.5 (freshclam.conf(5); the table in ClamAV's option parser; tried with 1.4.6).
 * Names are exact. What no release knows any more stops freshclam, so it is not here; what it still takes and ignores is.
 */
export type OptionRule =
  | { readonly type: 'bool'; readonly default: boolean }
  | { readonly type: 'number'; readonly default?: number }
  /** Bytes; `2K`, `2M` and `2G` are understood. */
  | { readonly type: 'size'; readonly default: number }
  | { readonly type: 'text'; readonly default?: string }
  /** May be given again; all values count, in their order. */
  | { readonly type: 'texts' }
  | { readonly type: 'ignored' }

const MIB = 1024 * 1024

export const FRESHCLAM_OPTIONS = {
  AllowSupplementaryGroups: { type: 'ignored' },
  Bytecode: { type: 'bool', default: true },
  /** From 1.5 on: certificates that `.sign` files chain to (formats.md 3.3). */
  CVDCertsDirectory: { type: 'text' },
  Checks: { type: 'number', default: 12 },
  CompressLocalDatabase: { type: 'bool', default: false },
  ConnectTimeout: { type: 'number', default: 30 },
  DNSDatabaseInfo: { type: 'text', default: 'current.cvd.clamav.net' },
  DatabaseCustomURL: { type: 'texts' },
  /** The default is a matter of the build. */
  DatabaseDirectory: { type: 'text' },
  DatabaseMirror: { type: 'texts' },
  DatabaseOwner: { type: 'text', default: 'clamav' },
  Debug: { type: 'bool', default: false },
  ExcludeDatabase: { type: 'texts' },
  ExtraDatabase: { type: 'texts' },
  /** From 1.5 on: neither MD5 nor SHA-1 decide anything. */
  FIPSCryptoHashLimits: { type: 'bool', default: false },
  Foreground: { type: 'bool', default: false },
  HTTPProxyPassword: { type: 'text' },
  HTTPProxyPort: { type: 'number' },
  HTTPProxyServer: { type: 'text' },
  HTTPProxyUsername: { type: 'text' },
  HTTPUserAgent: { type: 'text' },
  LocalIPAddress: { type: 'text' },
  LogFacility: { type: 'text', default: 'LOG_LOCAL6' },
  LogFileMaxSize: { type: 'size', default: MIB },
  LogRotate: { type: 'bool', default: false },
  LogSyslog: { type: 'bool', default: false },
  LogTime: { type: 'bool', default: false },
  LogVerbose: { type: 'bool', default: false },
  MaxAttempts: { type: 'number', default: 3 },
  NotifyClamd: { type: 'text' },
  OnErrorExecute: { type: 'text' },
  OnOutdatedExecute: { type: 'text' },
  OnUpdateExecute: { type: 'text' },
  PidFile: { type: 'text' },
  PrivateMirror: { type: 'texts' },
  ReceiveTimeout: { type: 'number', default: 60 },
  SafeBrowsing: { type: 'ignored' },
  ScriptedUpdates: { type: 'bool', default: true },
  TestDatabases: { type: 'bool', default: true },
  UpdateLogFile: { type: 'text' },
} as const satisfies Readonly<Record<string, OptionRule>>

export type OptionName = keyof typeof FRESHCLAM_OPTIONS
export type OptionsOf<Type extends OptionRule['type']> = {
  [Name in OptionName]: (typeof FRESHCLAM_OPTIONS)[Name]['type'] extends Type ? Name : never
}[OptionName]

const RULES: ReadonlyMap<string, OptionRule> = new Map(Object.entries(FRESHCLAM_OPTIONS))

export function ruleOf(name: string): OptionRule | undefined {
  return RULES.get(name)
}

export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,12})([KMG]?)$/i.exec(text)
  const unit = { '': 1, k: 1024, m: MIB, g: 1024 * MIB }[match?.[2]?.toLowerCase() ?? '']
  const size = Number(match?.[1]) * (unit ?? Number.NaN)
  return Number.isSafeInteger(size) ? size : undefined
}

/** Would freshclam take this value? */
export function fitsRule(rule: OptionRule, value: string): boolean {
  switch (rule.type) {
    case 'bool':
      return parseConfBool(value) !== undefined
    case 'number':
      return parseConfNumber(value) !== undefined
    case 'size':
      return parseSize(value) !== undefined
    default:
      return true
  }
}
