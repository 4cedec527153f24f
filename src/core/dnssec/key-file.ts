/**
 * One key as text, in the format of BIND's `.private` files, so that whoever knows those can read ours and bring his:
 * the secret number, and the times of what became of it. `DSRemoved` is of BIND's `.state` files.
 */

import { fail, type Outcome, ok } from '#base/outcome.ts'
import { type EpochSeconds, epochSeconds } from '#base/time.ts'
import type { DnsName } from '#formats/dns-message/index.ts'
import { type KeyTimes, NO_TIMES, type ZoneKey, zoneKey } from './key.ts'

/** A sentence that follows the name of the file. */
export type KeyFileFault = string

const FORMAT = 'v1.3'
const ALGORITHM_NAME = '13 (ECDSAP256SHA256)'
/** Theirs, for things that we do not do. */
const IGNORED = new Set(['Generated', 'SyncPublish', 'SyncDelete'])

const TIME_FIELDS = {
  Created: 'created',
  Publish: 'published',
  Activate: 'activated',
  Inactive: 'retired',
  Delete: 'removed',
  DSPublish: 'dsPublished',
  DSRemoved: 'dsWithdrawn',
} as const satisfies Record<string, keyof KeyTimes>
const TIME_NAMES = Object.keys(TIME_FIELDS) as readonly (keyof typeof TIME_FIELDS)[]

/** As BIND names it: `Kclamav.example.+013+02642.private`. */
export function keyFileName(zone: DnsName, tag: number): string {
  return `K${zone}.+013+${String(tag).padStart(5, '0')}.private`
}

/** Whether a file of that name is to be read, for this zone. */
export function isKeyFileName(name: string, zone: DnsName): boolean {
  return name.startsWith(`K${zone}.+`) && name.endsWith('.private')
}

export function printKeyFile({ privateKey, times }: ZoneKey): string {
  const lines = TIME_NAMES.flatMap((name) => {
    const time = times[TIME_FIELDS[name]]
    return time === undefined ? [] : [`${name}: ${printTime(time)}`]
  })
  return [
    `Private-key-format: ${FORMAT}`,
    `Algorithm: ${ALGORITHM_NAME}`,
    `PrivateKey: ${Buffer.from(privateKey).toString('base64')}`,
    ...lines,
    '',
  ].join('\n')
}

export function parseKeyFile(text: string): Outcome<ZoneKey, KeyFileFault> {
  const fields = new Map<string, string>()
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const at = line.indexOf(':')
    const name = line.slice(0, Math.max(at, 0))
    if (at < 0 || fields.has(name)) return fail(`cannot use the line "${shown(line)}"`)
    fields.set(name, line.slice(at + 1).trim())
  }
  if (fields.get('Private-key-format') !== FORMAT) return fail(`is no private key of ${FORMAT}`)
  if (!/^13\b/.test(fields.get('Algorithm') ?? '')) {
    return fail(`is of algorithm ${fields.get('Algorithm') ?? 'none'}; only 13 is used here`)
  }
  const unknown = [...fields.keys()].find((name) => !isKnown(name))
  if (unknown !== undefined) return fail(`has a field "${unknown}" that means nothing here`)
  const times = readTimes(fields)
  if (!times.ok) return times
  const text64 = fields.get('PrivateKey') ?? ''
  const bytes = Buffer.from(text64, 'base64')
  const key =
    bytes.toString('base64') === text64 ? zoneKey(Uint8Array.from(bytes), times.value) : undefined
  return key === undefined ? fail('has no PrivateKey of 32 bytes in base64') : ok(key)
}

function isKnown(name: string): boolean {
  const own = ['Private-key-format', 'Algorithm', 'PrivateKey']
  return own.includes(name) || name in TIME_FIELDS || IGNORED.has(name)
}

/** A secret is never shown, not even where it stands in the wrong place. */
function shown(line: string): string {
  return line.startsWith('PrivateKey') ? 'PrivateKey …' : line.slice(0, 40)
}

function readTimes(fields: ReadonlyMap<string, string>): Outcome<KeyTimes, KeyFileFault> {
  const found: Partial<Record<keyof KeyTimes, EpochSeconds>> = {}
  for (const name of TIME_NAMES) {
    const text = fields.get(name)
    if (text === undefined) continue
    const time = parseTime(text)
    if (time === undefined) return fail(`has a ${name} that is no time: "${text.slice(0, 40)}"`)
    found[TIME_FIELDS[name]] = time
  }
  const { created = found.published ?? found.activated, ...rest } = found
  return created === undefined ? fail('has no time Created') : ok({ ...NO_TIMES, ...rest, created })
}

/** `20261124165300`, in UTC. */
function printTime(time: EpochSeconds): string {
  return new Date(time * 1000).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)
}

function parseTime(text: string): EpochSeconds | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?: \(.*\))?$/.exec(text)
  if (parts === null) return undefined
  const [, year, month, day, hour, minute, second] = parts
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(ms) ? undefined : epochSeconds(ms / 1000)
}
