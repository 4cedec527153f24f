import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { ClientsyncConf } from './conf.ts'
import { parseHostPort, printHostPort } from './host.ts'

/** Whom to pull from. `name` is what the operator called him, for the journal. */
export interface Master {
  readonly name: string
  readonly host: string
  readonly port: number
}

export type MasterFault = { readonly kind: 'not-a-master'; readonly known: readonly string[] }

/**
 * `given` is a name in `MASTERS`, or a host with or without a port. A missing port is `RSYNC_PORT`. Anything else is
 * refused: it would end up on rsync's command line.
 */
export function resolveMaster(conf: ClientsyncConf, given: string): Outcome<Master, MasterFault> {
  const place = conf.masters.get(given) ?? parseHostPort(given)
  if (place === undefined) return fail({ kind: 'not-a-master', known: [...conf.masters.keys()] })
  const name = conf.masters.has(given) ? given : printHostPort(place)
  return ok({ name, host: place.host, port: place.port ?? conf.rsyncPort })
}
