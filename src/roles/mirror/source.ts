/** Whence a mirror pulls. */
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { placeName } from '#core/update/index.ts'
import { type ClientsyncConf, type Master, resolveMaster } from '#formats/clientsync-conf/index.ts'

export type SyncSource =
  /** A master, by rsync and with this mirror's login. */
  | { readonly kind: 'master'; readonly name: string; readonly master: Master }
  /** Mirrors of the network, by HTTP: for a mirror that no master can call. */
  | { readonly kind: 'upstream'; readonly name: string; readonly servers: readonly string[] }
  /** A file that somebody carried here, for a mirror without a line. */
  | { readonly kind: 'bundle'; readonly name: string; readonly file: string }

/** What `clientsync` is given for the mirrors in `UPSTREAM`. */
export const UPSTREAM = 'upstream'

/** `given` is a name in `MASTERS` or a host, `upstream`, or the absolute path of a bundle. */
export function resolveSource(
  conf: ClientsyncConf,
  given: string,
): Outcome<SyncSource, { readonly known: readonly string[] }> {
  if (given.startsWith('/')) return ok({ kind: 'bundle', name: given, file: given })
  if (given === UPSTREAM && conf.upstream.length > 0 && !conf.masters.has(UPSTREAM)) {
    return ok({ kind: 'upstream', name: UPSTREAM, servers: conf.upstream })
  }
  const master = resolveMaster(conf, given)
  if (master.ok) return ok({ kind: 'master', name: master.value.name, master: master.value })
  const { known } = master.fault
  return fail({ known: conf.upstream.length > 0 ? [...known, UPSTREAM] : known })
}

export function describeSource(source: SyncSource, { module }: ClientsyncConf): string {
  switch (source.kind) {
    case 'master':
      return `rsync://${source.master.host}:${source.master.port}/${module}`
    case 'upstream':
      return source.servers.map((server) => placeName(new URL(server))).join(', ')
    case 'bundle':
      return `the bundle ${source.file}`
  }
}
