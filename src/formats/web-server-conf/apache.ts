import { FOR_GOOD, HEAD, LONG_AGO, namesOf, type Site } from './site.ts'
import { indented } from './text.ts'

/**
 * For `/etc/apache2/sites-enabled/`. Apache 2.4; modules `rewrite` and `headers`, and for what the site has: `ssl`,
 * `http2`, `ratelimit`, `auth_basic` with `authn_file`, `proxy_http`.
 */
export function printApache(site: Site): string {
  const { port, tls } = site
  const wants = tls === undefined ? [port] : [port, tls.port]
  return `${HEAD}# Needs: a2enmod rewrite headers${moreModules(site)}
${wants.map((one) => (one === 80 || one === 443 ? '' : `Listen ${one}\n`)).join('')}TraceEnable Off

${virtualHost(site, port, [])}${
  tls === undefined
    ? ''
    : `\n${virtualHost(site, tls.port, [
        'SSLEngine On',
        `SSLCertificateFile "${tls.certificate}"`,
        `SSLCertificateKeyFile "${tls.key}"`,
        'Protocols h2 http/1.1',
      ])}`
}`
}

function moreModules(site: Site): string {
  return [
    site.tls && ' ssl http2',
    (site.databaseSpeed ?? site.patchSpeed) === undefined ? undefined : ' ratelimit',
    site.passwords && ' auth_basic authn_file',
    site.statisticsFrom && ' proxy_http',
  ]
    .filter((one) => one !== undefined)
    .join('')
}

function virtualHost(site: Site, port: number, more: readonly string[]): string {
  const { root, accessLog, databaseSpeed, patchSpeed, zone } = site
  const [name, ...others] = namesOf(site)
  return `<VirtualHost *:${port}>
${indented(4, [`ServerName ${name}`, `ServerAlias db.*.${zone}${others.map((other) => ` ${other}`).join('')}`, ...more])}
    DocumentRoot "${root}"
    CustomLog "${accessLog}" "%h %l %u %t \\"%r\\" %>s %B \\"%{Referer}i\\" \\"%{User-Agent}i\\""
    DirectoryIndex index.html
    DirectorySlash Off
    FileETag MTime Size
    KeepAlive On
    KeepAliveTimeout 15
    LimitRequestFieldSize 8190
    MaxRanges 1
    <Directory "${root}">
        Options None
        AllowOverride None
        Require all granted
    </Directory>

    # Apache would answer 403 for folders, links and dot files.
    RewriteEngine On
    RewriteCond "%{REQUEST_METHOD}" "!^(GET|HEAD)$"
    RewriteRule "^" - [R=405,L]
    RewriteRule "/\\." - [R=404,L]
    RewriteCond "%{DOCUMENT_ROOT}%{REQUEST_URI}" -l
    RewriteRule "^" - [R=404,L]
    RewriteCond "%{DOCUMENT_ROOT}%{REQUEST_URI}" !-f
    RewriteCond "%{REQUEST_URI}" "!/$" [OR]
    RewriteCond "%{DOCUMENT_ROOT}%{REQUEST_URI}index.html" !-f
${indented(4, [site.statisticsFrom && 'RewriteCond "%{REQUEST_URI}" "!^/local_stats/"'])}    RewriteRule "^" - [R=404,L]

    # The whole of a database: its date is that of its build, which may lie before a client's last download.
    RequestHeader unset If-Modified-Since "expr=%{REQUEST_URI} =~ m#\\.(cvd|cld)$# && -z %{HTTP:Range}"
    Header set Cache-Control "no-cache"
    Header set Expires "${LONG_AGO}"
    Header set X-Content-Type-Options "nosniff"
    <FilesMatch "\\.(cdiff|sign)$">
        Header set Cache-Control "${FOR_GOOD}"
        Header unset Expires
    </FilesMatch>
${rate('\\.(cvd|cld|cud)$', databaseSpeed)}${rate('\\.cdiff$', patchSpeed)}${statistics(site)}</VirtualHost>
`
}

/** mod_ratelimit counts in KiB a second. */
function rate(pattern: string, speed: number | undefined): string {
  if (speed === undefined) return ''
  return `    <FilesMatch "${pattern}">
        SetOutputFilter RATE_LIMIT
        SetEnv rate-limit ${Math.max(1, Math.round(speed / 1024))}
    </FilesMatch>
`
}

function statistics({ passwords, statisticsFrom }: Site): string {
  const login =
    passwords &&
    `    <Location "/local_stats/">
        AuthType Basic
        AuthName "statistics"
        AuthUserFile "${passwords}"
        Require valid-user
    </Location>
`
  const from =
    statisticsFrom && `    ProxyPass "/local_stats/" "http://${statisticsFrom}/local_stats/"\n`
  return `${login ?? ''}${from ?? ''}`
}
