import { createHash } from 'node:crypto'
import type { Outcome } from '#base/outcome.ts'
import {
  printWebServerConf,
  type WebServer,
  type WebServerConfFault,
} from '#formats/web-server-conf/index.ts'
import { AT_HOME, type KitFacts, servedNames } from './facts.ts'

/** Those that read the password file of the kit. Caddy wants another kind of hash. */
export const SAMPLED = ['nginx', 'apache', 'lighttpd'] as const satisfies readonly WebServer[]

const LOGS = {
  nginx: '/var/log/nginx/mirror-access.log',
  apache: '/var/log/apache2/mirror-access.log',
  lighttpd: '/var/log/lighttpd/mirror-access.log',
} as const satisfies Record<(typeof SAMPLED)[number], string>

/** For an operator's own web server (R42–R46, R77–R82), without TLS and limits. */
export function webServerSample(
  server: (typeof SAMPLED)[number],
  facts: KitFacts,
): Outcome<string, WebServerConfFault> {
  const { zone, httpPort, place } = facts
  const ofTheZone = [`database.${zone}`, `db.*.${zone}`]
  return printWebServerConf(server, {
    zone,
    names: servedNames(facts).filter((name) => !ofTheZone.includes(name)),
    root: place.documentRoot,
    port: httpPort,
    tls: undefined,
    accessLog: LOGS[server],
    passwords: `${place.home}/${STATISTICS_AT_HOME}`,
    statisticsFrom: undefined,
    databaseSpeed: undefined,
    patchSpeed: undefined,
  })
}

/** One line of a password file for all of them. The password is random and long, so a plain SHA-1 keeps it well. */
export function statisticsPasswords({ login }: KitFacts): string {
  const { user, statisticsPassword = '' } = login
  return `${user}:{SHA}${createHash('sha1').update(statisticsPassword).digest('base64')}\n`
}

/** R66–R69. */
export function firewallLines(facts: KitFacts): string {
  const ports = [...new Set(facts.masters.map(({ rsyncPort }) => rsyncPort))].join(', ')
  const hosts = facts.masters.map(({ name, host }) => `${name} (${host})`).join(', ')
  return `# Firewall of mirror "${facts.name}" of ${facts.zone}, for nft -f below a chain of yours each:

# in: clients, and the masters' calls
tcp dport ${facts.httpPort} accept
tcp dport ${facts.sshPort} accept

# out: rsync to the masters
tcp dport { ${ports} } accept

# With iptables:
# iptables -A INPUT  -p tcp --dport ${facts.httpPort} -j ACCEPT
# iptables -A INPUT  -p tcp --dport ${facts.sshPort} -j ACCEPT
${[...new Set(facts.masters.map(({ rsyncPort }) => rsyncPort))]
  .map((port) => `# iptables -A OUTPUT -p tcp --dport ${port} -j ACCEPT\n`)
  .join('')}
# Stricter: ssh and rsync only from and to the masters, ${hosts}; all of them are behind
# rsync.${facts.zone}. When one moves, it is announced on the list clamav-mirrors beforehand.
`
}

export const STATISTICS_AT_HOME = `${AT_HOME.conf.slice(0, 'etc/'.length)}statistics.htpasswd`
