/**
 * Samples for other web servers (R42–R46, R77–R82). Whatever is not there is 404: a 403 would lock freshclam out for a
 * day. No redirect, because old clients do not follow one.
 */
import { createHash } from 'node:crypto'
import { AT_HOME, type KitFacts, servedNames } from './facts.ts'

export function nginxSample(facts: KitFacts): string {
  const { zone, httpPort, place } = facts
  const names = servedNames(facts).map((name) =>
    name.includes('*') ? `"~^${escaped(name)}$"` : name,
  )
  return `# nginx: a server for mirror "${facts.name}" of ${zone}. Put it below /etc/nginx/conf.d/.
server {
    listen ${httpPort};
    listen [::]:${httpPort};
    server_name ${names.join(' ')};
    root ${place.documentRoot};
    index index.html;
    etag on;
    default_type application/octet-stream;
    # Old proxies cache badly: they are to ask before they answer from memory.
    add_header Cache-Control "public, no-cache";
    error_page 403 = @none;
    location @none { return 404; }
    location ~ /\\. { return 404; }
    location /local_stats/ {
        auth_basic "statistics of ${facts.name}";
        auth_basic_user_file ${place.home}/etc/statistics.htpasswd;
    }
}
`
}

export function apacheSample(facts: KitFacts): string {
  const { zone, httpPort, place } = facts
  const [first = '', ...others] = servedNames(facts)
  return `# Apache 2.4: a virtual host for mirror "${facts.name}" of ${zone}. Needs mod_alias, mod_headers, mod_auth_basic.
<VirtualHost *:${httpPort}>
    ServerName ${first}
    ServerAlias ${others.join(' ')}
    DocumentRoot "${place.documentRoot}"
    <Directory "${place.documentRoot}">
        Options -Indexes +SymLinksIfOwnerMatch
        AllowOverride None
        Require all granted
        # Instead of 403, which locks freshclam out for a day.
        DirectoryIndex index.html
        RedirectMatch 404 "/\\."
    </Directory>
    # Old proxies cache badly: they are to ask before they answer from memory.
    Header set Cache-Control "public, no-cache"
    <Location "/local_stats/">
        AuthType Basic
        AuthName "statistics of ${facts.name}"
        AuthUserFile "${place.home}/etc/statistics.htpasswd"
        Require valid-user
    </Location>
</VirtualHost>
`
}

/** One line of a password file for both. The password is random and long, so a plain SHA-1 keeps it well. */
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

function escaped(name: string): string {
  return name.replaceAll('.', '\\.').replaceAll('*', '[a-z0-9-]+')
}
