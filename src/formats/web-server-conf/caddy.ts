import { FOR_GOOD, HEAD, LONG_AGO, type Site } from './site.ts'
import { indented } from './text.ts'

/** A Caddyfile. Caddy 2.6 or newer. It has no limits of speed. */
export function printCaddy(site: Site): string {
  const { port, tls } = site
  return `${HEAD}
{
	auto_https off
}

(mirror) {
	root * "${site.root}"
	log {
		output file "${site.accessLog}"
	}

	# The whole of a database: its date is that of its build, which may lie before a client's last download.
	@whole {
		path *.cvd *.cld
		not header Range *
	}
	request_header @whole -If-Modified-Since

	@lasting path *.cdiff *.sign
	header @lasting Cache-Control "${FOR_GOOD}"
	@passing not path *.cdiff *.sign
	header @passing Cache-Control "no-cache"
	header @passing Expires "${LONG_AGO}"
	header X-Content-Type-Options nosniff
	header -Server

${statistics(site)}	@changing not method GET HEAD
	error @changing 405
	@hidden path */.*
	error @hidden 404
	file_server {
		hide .*
		index index.html
		disable_canonical_uris
	}
	handle_errors {
		# Paths with NUL in them or too long for the file system are 500 to Caddy.
		@missing expression \`{http.error.status_code} in [400, 403, 404, 500]\`
		respond @missing "Not found" 404
	}
}

http://:${port} {
	import mirror
}
${
  tls === undefined
    ? ''
    : `
https://:${tls.port} {
	tls "${tls.certificate}" "${tls.key}"
	import mirror
}
`
}`
}

function statistics({ passwords, statisticsFrom }: Site): string {
  const login = passwords && [
    '# "caddy hash-password" makes the hashes in this file: "basicauth /local_stats/* { NAME HASH }".',
    `import "${passwords}"`,
  ]
  const from = statisticsFrom && [`reverse_proxy /local_stats/* ${statisticsFrom}`]
  return indented(0, [...(login ?? []), ...(from ?? [])]).replaceAll(/^(?=.)/gm, '\t')
}
