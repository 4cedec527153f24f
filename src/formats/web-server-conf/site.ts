/** What a mirror's web server has to know, whichever it is. */
export const WEB_SERVERS = ['nginx', 'apache', 'lighttpd', 'caddy'] as const
export type WebServer = (typeof WEB_SERVERS)[number]

export interface Site {
  /** `clamav.example`: clients ask `database.ZONE` and `db.*.ZONE`. */
  readonly zone: string
  /** More names, perhaps with `*` as the first label. */
  readonly names: readonly string[]
  /** Document root: `TO` of `clam-clientsync.conf`. Absolute. */
  readonly root: string
  readonly port: number
  readonly tls:
    | { readonly certificate: string; readonly key: string; readonly port: number }
    | undefined
  readonly accessLog: string
  /** File of `htpasswd` for `/local_stats/`. Undefined: these pages are for everybody. */
  readonly passwords: string | undefined
  /** Where `cvdnet run` serves the statistics, `127.0.0.1:8080`. Undefined: from the operator's files. */
  readonly statisticsFrom: string | undefined
  /** Bytes a second for one connection; undefined: as fast as it goes. */
  readonly databaseSpeed: number | undefined
  readonly patchSpeed: number | undefined
}

/** Every name the site is asked by, `db.*` in the middle left to each server's own way. */
export function namesOf({ zone, names }: Site): readonly string[] {
  return [`database.${zone}`, ...names]
}

export const FOR_GOOD = 'public, max-age=604800, immutable'
export const LONG_AGO = 'Thu, 01 Jan 1970 00:00:00 GMT'

export const HEAD = `# A mirror of virus databases, made by "cvdnet mirror webserver". What matters in it: nothing ever answers 403, which
# would lock freshclam out for a day; files come with their length; a whole .cvd comes whatever date it is asked with;
# checks by range are answered 304 by date; names below local_ are yours.
`
