import { FOR_GOOD, HEAD, LONG_AGO, namesOf, type Site } from './site.ts'
import { indented } from './text.ts'

/** For `/etc/nginx/sites-enabled/`, or any file that `http { }` includes. nginx 1.18 or newer. */
export function printNginx(site: Site): string {
  const { root, accessLog, databaseSpeed, patchSpeed } = site
  return `${HEAD}
map $uri $cvdnet_cache {
    default            "no-cache";
    "~\\.(cdiff|sign)$" "${FOR_GOOD}";
}
map $uri $cvdnet_expires {
    default            "${LONG_AGO}";
    "~\\.(cdiff|sign)$" "";
}

server {
${indented(4, [...listens(site), `server_name ${serverNames(site)};`, '', `root "${root}";`, `access_log "${accessLog}" combined;`])}
    types {
        text/html html;
        text/plain txt md5;
        image/png png;
        image/svg+xml svg;
        application/json json;
    }
    default_type application/octet-stream;

    autoindex off;
    charset off;
    disable_symlinks on from=$document_root;
    etag on;
    gzip off;
    if_modified_since before;
    keepalive_timeout 15s;
    max_ranges 1;
    recursive_error_pages on;
    sendfile on;
    sendfile_max_chunk 2m;
    server_tokens off;
    tcp_nopush on;
    client_header_timeout 10s;
    send_timeout 60s;

    add_header Cache-Control $cvdnet_cache;
    add_header Expires $cvdnet_expires;
    add_header X-Content-Type-Options nosniff;
    error_page 403 404 =404 @missing;

    location / {
        try_files $uri $uri/index.html =404;
    }
    location ~ /\\. {
        return 404;
    }
    # The whole of a database: its date is that of its build, which may lie before a client's last download.
    location ~ \\.(cvd|cld)$ {
        error_page 418 = @whole;
        if ($http_range = "") {
            return 418;
        }
        try_files $uri =404;
    }
    location @whole {
        if_modified_since off;
${indented(8, [limitRate(databaseSpeed), 'try_files $uri =404;'])}    }
    location ~ \\.cdiff$ {
${indented(8, [limitRate(patchSpeed), 'try_files $uri =404;'])}    }
${statistics(site)}    location @missing {
        internal;
        default_type text/plain;
        return 404 "Not found\\n";
    }
}
`
}

function listens({ port, tls }: Site): readonly string[] {
  const plain = [`listen ${port} default_server;`, `listen [::]:${port} default_server;`]
  if (tls === undefined) return plain
  return [
    ...plain,
    `listen ${tls.port} ssl http2 default_server;`,
    `listen [::]:${tls.port} ssl http2 default_server;`,
    `ssl_certificate "${tls.certificate}";`,
    `ssl_certificate_key "${tls.key}";`,
  ]
}

/** nginx has wildcards at the ends of names only. */
function serverNames(site: Site): string {
  const zone = site.zone.replaceAll('.', '\\.')
  return [...namesOf(site), `"~^db\\.[^.]+\\.${zone}$"`].join(' ')
}

function limitRate(speed: number | undefined): string | undefined {
  return speed === undefined ? undefined : `limit_rate ${speed};`
}

function statistics({ passwords, statisticsFrom }: Site): string {
  if (passwords === undefined && statisticsFrom === undefined) return ''
  const login = passwords && ['auth_basic "statistics";', `auth_basic_user_file "${passwords}";`]
  const from = statisticsFrom
    ? [`proxy_pass http://${statisticsFrom};`]
    : ['try_files $uri $uri/index.html =404;']
  return `    location ^~ /local_stats/ {\n${indented(8, [...(login ?? []), ...from])}    }\n`
}
