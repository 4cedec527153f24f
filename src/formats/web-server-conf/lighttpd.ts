import { FOR_GOOD, HEAD, LONG_AGO, type Site } from './site.ts'

/** For `lighttpd -f`, or included at the end of `/etc/lighttpd/lighttpd.conf`. lighttpd 1.4.60 or newer. */
export function printLighttpd(site: Site): string {
  const { root, port, accessLog } = site
  return `${HEAD}
server.modules += ( "mod_rewrite", "mod_setenv", "mod_accesslog"${site.passwords ? ', "mod_auth", "mod_authn_file"' : ''}${site.statisticsFrom ? ', "mod_proxy"' : ''}${site.tls ? ', "mod_openssl"' : ''} )
server.document-root = "${root}"
server.port = ${port}
$SERVER["socket"] == "[::]:${port}" {
}
server.max-keep-alive-idle = 15
server.max-request-field-size = 8192
server.follow-symlink = "enable"
server.tag = "lighttpd"
accesslog.filename = "${accessLog}"
accesslog.format = "%h %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-Agent}i\\""
index-file.names = ( "index.html" )
etag.use-inode = "disable"
mimetype.assign = (
  ".html" => "text/html", ".txt" => "text/plain", ".md5" => "text/plain", ".png" => "image/png",
  ".svg" => "image/svg+xml", ".json" => "application/json", "" => "application/octet-stream"
)

# lighttpd would answer 403 for folders, 301 for those without a slash, and take what follows a file for its argument.
$HTTP["url"] =~ "/\\.|\\.(cvd|cld|cud|cdiff|sign|db|db2|md5|html|txt)/" {
  url.rewrite-once = ( "" => "/not-there" )
}
else $HTTP["url"] !~ "^/local_stats/" {
  url.rewrite-if-not-file = ( "^/+$" => "/index.html", "^(/.*/)$" => "$1index.html", "" => "/not-there" )
}

# The whole of a database: its date is that of its build, which may lie before a client's last download.
$HTTP["url"] =~ "\\.(cvd|cld)$" {
  $REQUEST_HEADER["Range"] == "" {
    setenv.set-request-header = ( "If-Modified-Since" => "" )
  }
}
$HTTP["url"] =~ "\\.(cdiff|sign)$" {
  setenv.add-response-header = ( "Cache-Control" => "${FOR_GOOD}", "X-Content-Type-Options" => "nosniff" )
}
else $HTTP["url"] =~ "" {
  setenv.add-response-header = (
    "Cache-Control" => "no-cache", "Expires" => "${LONG_AGO}", "X-Content-Type-Options" => "nosniff"
  )
}
${rate('\\.(cvd|cld|cud)$', site.databaseSpeed)}${rate('\\.cdiff$', site.patchSpeed)}${statistics(site)}${tls(site)}`
}

/** lighttpd counts in KiB a second. */
function rate(pattern: string, speed: number | undefined): string {
  if (speed === undefined) return ''
  const kib = Math.max(1, Math.round(speed / 1024))
  return `$HTTP["url"] =~ "${pattern}" {\n  connection.kbytes-per-second = ${kib}\n}\n`
}

function statistics({ passwords, statisticsFrom }: Site): string {
  const login =
    passwords &&
    `auth.backend = "htpasswd"
auth.backend.htpasswd.userfile = "${passwords}"
auth.require = ( "/local_stats/" => ( "method" => "basic", "realm" => "statistics", "require" => "valid-user" ) )
`
  const [host, port] = statisticsFrom?.split(':') ?? []
  const from =
    statisticsFrom &&
    `$HTTP["url"] =~ "^/local_stats/" {
  proxy.server = ( "" => ( ( "host" => "${host}", "port" => ${port} ) ) )
}
`
  return `${login ?? ''}${from ?? ''}`
}

function tls({ tls: secure }: Site): string {
  if (secure === undefined) return ''
  return ['0.0.0.0', '[::]']
    .map(
      (address) => `$SERVER["socket"] == "${address}:${secure.port}" {
  ssl.engine = "enable"
  ssl.pemfile = "${secure.certificate}"
  ssl.privkey = "${secure.key}"
}
`,
    )
    .join('')
}
