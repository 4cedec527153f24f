import { isHost, isHostLabel } from '#base/host.ts'
import { type IpPrefix, parseIpAddress, parseIpPrefix } from '#base/ip-address.ts'
import { type DbName, isPlainName, parseDbName } from '#base/names.ts'
import { parseDuration, parseSize, printDuration, printSize } from '#base/quantity.ts'
import { parseSshPublicKeyLine } from '#base/ssh-public-key.ts'

/** What may stand at a key: in words for people, and as a reader of whatever TOML gave. */
export interface Kind<T> {
  readonly wanted: string
  /** Undefined when it is something else. */
  readonly read: (value: unknown) => T | undefined
  /** Takes a value's place once a fault is known; the whole is then never handed out. */
  readonly standIn: T
}

export const name: Kind<string> = {
  wanted: 'a name of letters, digits, "_", "." and "-"',
  read: (value) => {
    const text = asText(value)
    return text !== undefined && isPlainName(text) ? text : undefined
  },
  standIn: '',
}

/** A name or an address, without port and brackets. */
export const host: Kind<string> = {
  wanted: 'a host name or an address',
  read: (value) => {
    const text = asText(value)
    return text !== undefined && isHost(text) ? text : undefined
  },
  standIn: '',
}

/** `HOST:PORT`; an IPv6 address in brackets. */
export const hostAndPort: Kind<{ readonly host: string; readonly port: number }> = {
  wanted: 'a host and a port, "192.0.2.1:53" or "[2001:db8::1]:53"',
  read: (value) => {
    const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(asText(value) ?? '')
    const [read, port] = [host.read(match?.[1] ?? match?.[2]), Number(match?.[3])]
    return read !== undefined && port > 0 && port < 65_536 ? { host: read, port } : undefined
  },
  standIn: { host: '', port: 0 },
}

/** In small letters, as DNS compares. */
export const domain: Kind<string> = {
  wanted: 'a domain name',
  read: (value) => {
    const text = host.read(value)
    return text === undefined || text.includes(':') ? undefined : text.toLowerCase()
  },
  standIn: '',
}

/** A machine's name below the zone. */
export const label: Kind<string> = {
  wanted: 'one label of a host name, in small letters',
  read: (value) => {
    const text = asText(value)
    return text !== undefined && isHostLabel(text) ? text : undefined
  },
  standIn: '',
}

/** `*` may stand for the first label. */
export const hostPattern: Kind<string> = {
  wanted: 'a host name, perhaps with "*" as its first label',
  read: (value) => {
    const text = asText(value)
    const rest = domain.read(text?.startsWith('*.') ? text.slice(2) : text)
    return rest === undefined ? undefined : text?.toLowerCase()
  },
  standIn: '',
}

export const address: Kind<string> = {
  wanted: 'an IPv4 or IPv6 address',
  read: (value) => {
    const text = asText(value)
    return text === undefined || parseIpAddress(text) === undefined ? undefined : text
  },
  standIn: '',
}

/** Zeros behind it, so that nobody means another network than he wrote. */
export const prefix: Kind<IpPrefix> = {
  wanted: 'an address or a network such as "192.0.2.0/24"',
  read: (value) => parseIpPrefix(asText(value) ?? ''),
  standIn: { bytes: new Uint8Array(4), bits: 32 },
}

export const path: Kind<string> = pattern('a path', /^[^\p{Cc}]+$/u)
export const mailAddress: Kind<string> = pattern('a mail address', /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u)
export const environmentName: Kind<string> = pattern(
  'the name of an environment variable',
  /^[A-Za-z_][A-Za-z0-9_]*$/,
)
export const engineVersion: Kind<string> = pattern(
  'a version such as "1.4.6"',
  /^\d{1,4}(?:\.\d{1,4}){1,3}$/,
)
export const country: Kind<string> = pattern('two capital letters (ISO 3166-1)', /^[A-Z]{2}$/)

/** What may stand in a field of an HTTP request. */
export const headerText: Kind<string> = pattern(
  'printable ASCII',
  /^[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?$/,
)

/** Without a login, which would be a secret in this file, and without a query. */
export const webAddress: Kind<string> = {
  wanted: 'an address such as "https://database.example"',
  read: (value) => {
    const text = asText(value)
    const url = URL.parse(text ?? '')
    if (url === null || !/^https?:$/.test(url.protocol)) return undefined
    const more = url.username + url.password + url.search + url.hash
    return more === '' ? text : undefined
  },
  standIn: '',
}

export const sshKey: Kind<string> = {
  wanted: 'an ssh public key line, "ssh-ed25519 AAAA…"',
  read: (value) => {
    const text = asText(value)
    return text === undefined ? undefined : parseSshPublicKeyLine(text)
  },
  standIn: '',
}

/** One or a list of several. */
export function oneOrMore<T>(kind: Kind<T>): Kind<readonly T[]> {
  const several = someOf(kind)
  return {
    wanted: `${kind.wanted}, or a list of several`,
    read: (value) => several.read(Array.isArray(value) ? value : [value]),
    standIn: [],
  }
}

export function listOf<T>(kind: Kind<T>): Kind<readonly T[]> {
  return {
    wanted: `a list, each ${kind.wanted}`,
    read: (value) => {
      if (!Array.isArray(value)) return undefined
      const read = value.map((one) => kind.read(one))
      return read.every((one) => one !== undefined) ? read : undefined
    },
    standIn: [],
  }
}

/** A list of one at least. */
export function someOf<T>(kind: Kind<T>): Kind<readonly T[]> {
  const several = listOf(kind)
  return {
    wanted: `a list of at least one, each ${kind.wanted}`,
    read: (value) => {
      const values = several.read(value)
      return values?.length === 0 ? undefined : values
    },
    standIn: [],
  }
}

export const databaseName: Kind<DbName> = {
  wanted: 'the name of a database',
  read: (value) => {
    const name = parseDbName(asText(value) ?? '')
    return name.ok ? name.value : undefined
  },
  standIn: '' as DbName,
}

export const databases: Kind<'*' | readonly string[]> = {
  wanted: '"*" for all, or a list of database names',
  read: (value) => {
    if (value === '*') return '*'
    if (!Array.isArray(value) || value.length === 0) return undefined
    return value.every((one) => typeof one === 'string' && parseDbName(one).ok)
      ? value.map(String)
      : undefined
  },
  standIn: [],
}

export function oneOf<T extends string>(first: T, ...others: readonly T[]): Kind<T> {
  const all = [first, ...others]
  return {
    wanted: `one of ${all.map((one) => `"${one}"`).join(', ')}`,
    read: (value) => all.find((one) => one === value),
    standIn: first,
  }
}

export function integer(min: number, max: number): Kind<number> {
  return {
    wanted: `a whole number from ${min} to ${max}`,
    read: (value) => (Number.isInteger(value) ? within(Number(value), min, max) : undefined),
    standIn: min,
  }
}

export const flag: Kind<boolean> = {
  wanted: 'true or false',
  read: (value) => (typeof value === 'boolean' ? value : undefined),
  standIn: false,
}

/** An address, or a network with the length of its prefix. */
export const network: Kind<string> = {
  wanted: 'an address, or a network as "10.0.0.0/8"',
  read: (value) => {
    const [address, prefix = '0', ...rest] = asText(value)?.split('/') ?? []
    const isV6 = /^[0-9A-Fa-f]*:[0-9A-Fa-f:.]+$/.test(address ?? '')
    const isV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(address ?? '')
    const isGood = /^\d{1,3}$/.test(prefix) && Number(prefix) <= (isV6 ? 128 : 32)
    return (isV4 || isV6) && isGood && rest.length === 0 ? asText(value) : undefined
  },
  standIn: '',
}

export function share(): Kind<number> {
  return {
    wanted: 'a number from 0 to 1',
    read: (value) => (typeof value === 'number' ? within(value, 0, 1) : undefined),
    standIn: 0,
  }
}

/** Read as milliseconds. */
export function duration(min: number, max: number): Kind<number> {
  return {
    wanted: `a duration from ${printDuration(min)} to ${printDuration(max)}`,
    read: (value) => {
      const ms = parseDuration(asText(value) ?? '')
      return ms === undefined ? undefined : within(ms, min, max)
    },
    standIn: min,
  }
}

/** Read as bytes. */
export function size(min: number, max: number): Kind<number> {
  return {
    wanted: `a size from ${printSize(min)} to ${printSize(max)}`,
    read: (value) => {
      const bytes = parseSize(asText(value) ?? '')
      return bytes === undefined ? undefined : within(bytes, min, max)
    },
    standIn: min,
  }
}

function pattern(wanted: string, shape: RegExp): Kind<string> {
  return {
    wanted,
    read: (value) => {
      const text = asText(value)
      return text !== undefined && shape.test(text) ? text : undefined
    },
    standIn: '',
  }
}

function within(value: number, min: number, max: number): number | undefined {
  return value >= min && value <= max ? value : undefined
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
