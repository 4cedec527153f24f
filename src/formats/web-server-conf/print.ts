import { fail, type Outcome, ok, unreachable } from '#base/outcome.ts'
import { printApache } from './apache.ts'
import { printCaddy } from './caddy.ts'
import { printLighttpd } from './lighttpd.ts'
import { printNginx } from './nginx.ts'
import type { Site, WebServer } from './site.ts'
import { isPlain } from './text.ts'

/** A value that could end what it stands in, and start something else. */
export interface WebServerConfFault {
  readonly kind: 'not-plain'
  readonly value: string
}

export function printWebServerConf(
  server: WebServer,
  site: Site,
): Outcome<string, WebServerConfFault> {
  const { zone, names, root, accessLog, passwords, statisticsFrom, tls } = site
  const values = [
    zone,
    ...names,
    root,
    accessLog,
    passwords,
    statisticsFrom,
    tls?.certificate,
    tls?.key,
  ]
  const value = values.find((one) => one !== undefined && !isPlain(one))
  if (value !== undefined) return fail({ kind: 'not-plain', value })
  switch (server) {
    case 'nginx':
      return ok(printNginx(site))
    case 'apache':
      return ok(printApache(site))
    case 'lighttpd':
      return ok(printLighttpd(site))
    case 'caddy':
      return ok(printCaddy(site))
    default:
      return unreachable(server)
  }
}
