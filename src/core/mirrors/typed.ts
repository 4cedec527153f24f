/** Readers of single values that somebody typed. Undefined: it is something else. */
import { parseSshPublicKeyLine } from '#base/ssh-public-key.ts'
import { regionOf } from '../selection/index.ts'
import { mirrorAddress } from './address.ts'

const HOST_CHARS_MAX = 253
/** RFC 5321 4.5.3.1.3. */
const MAIL_CHARS_MAX = 254
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const NAME = new RegExp(`^${LABEL}$`)
const HOST = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`)
const ACCOUNT_NAME = /^[a-z_][a-z0-9_-]{0,31}$/
const MAIL = new RegExp(`^[A-Za-z0-9.!#$%&*+/=?^_{|}~-]{1,64}@${LABEL}(?:\\.${LABEL})+$`)
/** Names below the zone that mean something else (R24–R31). */
const RESERVED = ['database', 'db', 'current', 'rsync', 'local', 'www', 'ns', 'mail']

/** The host of a change of address: same grammar as in an application. */
export function asHost(value: unknown, allowsPrivate: boolean): string | undefined {
  if (!isText(value)) return undefined
  const address = mirrorAddress(value, allowsPrivate)
  if (address.ok) return address.value
  const host = value.toLowerCase()
  // Digits and dots alone would be read as an address by whoever resolves it.
  return isHostName(host) && (allowsPrivate || !/(?:^|\.)(?:localhost|local|internal)$/.test(host))
    ? host
    : undefined
}

export function isHostName(text: string): boolean {
  return (
    text.length <= HOST_CHARS_MAX && HOST.test(text) && !/(?:^|\.)(?:\d+|0x[\da-f]*)$/.test(text)
  )
}

export function asName(value: unknown): string | undefined {
  if (!isText(value) || !NAME.test(value) || RESERVED.includes(value)) return undefined
  return /^(?:rsync|ns)\d+$/.test(value) ? undefined : value
}

export function asCountry(value: unknown): string | undefined {
  const code = isText(value) ? value.toUpperCase() : ''
  return regionOf(code) === undefined ? undefined : code
}

export function asAccount(value: unknown): string | undefined {
  return isText(value) && ACCOUNT_NAME.test(value) && value !== 'root' ? value : undefined
}

export function asHostKey(value: unknown): string | undefined {
  return isText(value) ? parseSshPublicKeyLine(value) : undefined
}

export function asMail(value: unknown): string | undefined {
  return isText(value) && value.length <= MAIL_CHARS_MAX && MAIL.test(value) ? value : undefined
}

export function asPort(value: unknown): number | undefined {
  return asWhole(value, 1, 65_535)
}

export function asWhole(value: unknown, min: number, max: number): number | undefined {
  const number = isText(value) && /^\d{1,9}$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number)) return undefined
  return number >= min && number <= max ? number : undefined
}

export function isText(value: unknown): value is string {
  return typeof value === 'string'
}

/** For quoting what was typed: nothing that a terminal or a page would obey. */
export function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 80)
}
