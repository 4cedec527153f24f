import { parseIpAddress } from '#base/ip-address.ts'
import { isLoopback } from './address.ts'
import type { MirrorRecord } from './record.ts'
import { serviceOf } from './service.ts'

/** Where masters ask a mirror for its totals, and how its password goes there (decision 18). */
export type StatisticsPlace = {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
} & (
  | { readonly kind: 'plain' }
  /** Its certificate must be of one of these names. */
  | { readonly kind: 'tls'; readonly names: readonly string[] }
)

const HTTPS_PORT = 443

/**
 * Of a mirror that is on the list and has a password for it. Over TLS, or in the clear where nothing leaves the machine;
 * undefined otherwise.
 */
export function statisticsPlace(record: MirrorRecord, zone: string): StatisticsPlace | undefined {
  const { name, host, httpPort, aliases, rsyncLogin } = record
  const password = rsyncLogin?.statisticsPassword
  if (rsyncLogin === undefined || password === undefined || !serviceOf(record).shown)
    return undefined
  const login = { host, user: rsyncLogin.user, password }
  if (isLoopback(host)) return { kind: 'plain', port: httpPort, ...login }
  const own = parseIpAddress(host) === undefined ? [host] : []
  return { kind: 'tls', port: HTTPS_PORT, names: [...own, ...aliases, `${name}.${zone}`], ...login }
}
