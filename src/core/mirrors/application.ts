/**
 * What an applicant tells (R61–R62), read from a command line, a file or a form. It is hostile text: every value has a
 * grammar that leaves nothing to escape, and every fault is told at once, with its field.
 */
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { EpochMs } from '#base/time.ts'
import { regionOf } from '../selection/index.ts'
import { mirrorAddress } from './address.ts'
import type { MirrorRecord, Region } from './record.ts'
import {
  asAccount,
  asCountry,
  asHost,
  asHostKey,
  asMail,
  asName,
  asPort,
  asWhole,
  isHostName,
  isText,
  printable,
} from './typed.ts'

export interface Application {
  readonly name: string
  readonly host: string
  readonly addresses: readonly string[]
  readonly httpPort: number
  readonly sshPort: number
  readonly account: string
  readonly hostKey: string | undefined
  readonly aliases: readonly string[]
  readonly country: string
  readonly region: Region
  readonly bandwidthMbit: number
  readonly admin: string | undefined
}

export const APPLICATION_FIELDS = [
  'name',
  'host',
  'addresses',
  'httpPort',
  'sshPort',
  'account',
  'hostKey',
  'aliases',
  'country',
  'bandwidthMbit',
  'admin',
] as const
export type ApplicationField = (typeof APPLICATION_FIELDS)[number]

export interface ApplicationFault {
  /** A field, or a name that is none. */
  readonly field: string
  /** To be read behind the field: `is …`, `wants …`. */
  readonly reason: string
}

/** What the network asks of a mirror. */
export interface MirrorRules {
  /** R32. */
  readonly bandwidthMbitMin: number
  /** Loopback and private addresses are good: a network inside of one company, the demo, tests. */
  readonly allowsPrivate: boolean
}

/** Unknown until it is read: it may come from a file that anybody wrote. */
export type GivenApplication = Readonly<Record<string, unknown>>

const ADDRESSES_MAX = 16
const ALIASES_MAX = 16
const BANDWIDTH_MBIT_MAX = 1_000_000
const HTTP_PORT = 80
const SSH_PORT = 22
/** R47. */
const ACCOUNT = 'clamavdb'

/** Numbers may come as text, lists as one text with commas, as a command line gives them. */
export function parseApplication(
  given: GivenApplication,
  rules: MirrorRules,
): Outcome<Application, readonly ApplicationFault[]> {
  const fields = new Fields(given)
  const addresses = fields.addresses(rules.allowsPrivate)
  const country = fields.read('country', 'two letters of ISO 3166-1', asCountry)
  const application: Application = {
    name: fields.read('name', 'small letters, digits and "-", at most 63', asName) ?? '',
    host:
      fields.optional('host', 'a host name or an address', (value) =>
        asHost(value, rules.allowsPrivate),
      ) ??
      addresses[0] ??
      '',
    addresses,
    httpPort: fields.optional('httpPort', 'a port from 1 to 65535', asPort) ?? HTTP_PORT,
    sshPort: fields.optional('sshPort', 'a port from 1 to 65535', asPort) ?? SSH_PORT,
    account: fields.optional('account', 'an account of the machine', asAccount) ?? ACCOUNT,
    hostKey: fields.optional('hostKey', 'an ssh public key, "ssh-ed25519 AAAA…"', asHostKey),
    aliases: fields.aliases(),
    country: country ?? '',
    region: regionOf(country ?? '') ?? 'other',
    bandwidthMbit: fields.bandwidth(rules.bandwidthMbitMin),
    admin: fields.optional('admin', 'a mail address', asMail),
  }
  fields.nothingElse()
  return fields.faults.length > 0 ? fail(fields.faults) : ok(application)
}

class Fields {
  readonly faults: ApplicationFault[] = []
  readonly #given: GivenApplication

  constructor(given: GivenApplication) {
    this.#given = given
  }

  read<T>(
    field: ApplicationField,
    wanted: string,
    read: (value: unknown) => T | undefined,
  ): T | undefined {
    if (this.#value(field) === undefined) this.#fault(field, `is missing; it wants ${wanted}`)
    return this.optional(field, wanted, read)
  }

  optional<T>(
    field: ApplicationField,
    wanted: string,
    read: (value: unknown) => T | undefined,
  ): T | undefined {
    const value = this.#value(field)
    if (value === undefined) return undefined
    const good = read(value)
    if (good === undefined) this.#fault(field, `wants ${wanted}`)
    return good
  }

  addresses(allowsPrivate: boolean): readonly string[] {
    const texts = this.#list('addresses', ADDRESSES_MAX)
    if (texts.length === 0) this.#fault('addresses', 'wants at least one address')
    return this.#distinct('addresses', texts, (text) => mirrorAddress(text, allowsPrivate))
  }

  aliases(): readonly string[] {
    return this.#distinct('aliases', this.#list('aliases', ALIASES_MAX), (text) => {
      const host = text.toLowerCase()
      return isHostName(host) ? ok(host) : fail('is no host name')
    })
  }

  bandwidth(min: number): number {
    const wanted = `a whole number of Mbit/s, at least ${min}`
    const mbit = this.read('bandwidthMbit', wanted, (value) =>
      asWhole(value, 1, BANDWIDTH_MBIT_MAX),
    )
    if (mbit !== undefined && mbit < min) {
      this.#fault('bandwidthMbit', `is ${mbit}; the network asks for at least ${min} Mbit/s`)
    }
    return mbit ?? min
  }

  nothingElse(): void {
    const known: readonly string[] = APPLICATION_FIELDS
    for (const key of Object.keys(this.#given).filter((name) => !known.includes(name))) {
      this.#fault(printable(key), 'is no field of an application')
    }
  }

  #list(field: 'addresses' | 'aliases', max: number): readonly string[] {
    const value = this.#value(field)
    if (value === undefined) return []
    const parts = typeof value === 'string' ? value.split(',').map((one) => one.trim()) : value
    if (!Array.isArray(parts) || parts.length > max || !parts.every((one) => isText(one))) {
      this.#fault(field, `wants a list of at most ${max} texts`)
      return []
    }
    return parts
  }

  #distinct(
    field: ApplicationField,
    texts: readonly string[],
    read: (text: string) => Outcome<string, string>,
  ): readonly string[] {
    const found = new Set<string>()
    for (const text of texts) {
      const good = read(text)
      if (!good.ok) this.#fault(field, `"${printable(text)}" ${good.fault}`)
      else if (found.has(good.value)) this.#fault(field, `"${good.value}" is there twice`)
      else found.add(good.value)
    }
    return [...found]
  }

  #value(field: ApplicationField): unknown {
    return Object.hasOwn(this.#given, field) ? this.#given[field] : undefined
  }

  #fault(field: string, reason: string): void {
    this.faults.push({ field, reason })
  }
}

/** Whoever has taken a name or an address already; `others` without the applicant himself. */
export function twinFaults(
  application: Pick<Application, 'name' | 'addresses' | 'httpPort' | 'aliases'>,
  others: readonly MirrorRecord[],
): readonly ApplicationFault[] {
  const alive = others.filter(({ stage }) => stage !== 'refused' && stage !== 'retired')
  return alive.flatMap((other) => {
    const faults: ApplicationFault[] = []
    for (const address of application.addresses) {
      if (other.addresses.includes(address) && other.httpPort === application.httpPort) {
        faults.push({ field: 'addresses', reason: `${address} is of mirror "${other.name}"` })
      }
    }
    for (const alias of application.aliases) {
      if (other.aliases.includes(alias)) {
        faults.push({ field: 'aliases', reason: `${alias} is of mirror "${other.name}"` })
      }
    }
    return faults
  })
}

export function describeApplicationFault({ field, reason }: ApplicationFault): string {
  return `${field} ${reason}`
}

/** The first state of a mirror. */
export function applied(application: Application, now: EpochMs): MirrorRecord {
  return {
    ...application,
    stage: 'applied',
    stageSince: now,
    stageReason: 'applied',
    rsyncLogin: undefined,
    downtimes: [],
    push: { bandwidthKbit: undefined, window: undefined },
  }
}
