import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Of the key that transfers are signed with. */
export const KEY = 'transfer.clamav.example'

export interface Place {
  readonly folder: string
  readonly port: number
  readonly ours: number
  readonly secret: string
}

/** A name server of another make, as a secondary of ours. */
export interface Program {
  readonly path: string
  readonly host: string
  readonly args: (place: Place) => readonly string[]
  readonly conf: (place: Place) => string
}

export const NSD: Program = {
  path: '/usr/sbin/nsd',
  host: '127.0.0.3',
  args: ({ folder }) => ['-d', '-c', join(folder, 'conf')],
  conf: ({ folder, port, ours, secret }) => `server:
  ip-address: 127.0.0.3@${port}
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  xfrdir: "${folder}"
  zonelistfile: "${folder}/zone.list"
  cookie-secret-file: "${folder}/cookies"
  xfrd-reload-timeout: 0
  server-count: 1
remote-control:
  control-enable: no
key:
  name: ${KEY}
  algorithm: hmac-sha256
  secret: "${secret}"
zone:
  name: clamav.example
  allow-notify: 127.0.0.1 ${KEY}
  request-xfr: 127.0.0.1@${ours} ${KEY}
  zonefile: zone
`,
}

export const KNOT: Program = {
  path: '/usr/sbin/knotd',
  host: '127.0.0.3',
  args: ({ folder }) => ['-c', join(folder, 'conf')],
  conf: ({ folder, port, ours, secret }) => `server:
  listen: 127.0.0.3@${port}
  rundir: ${folder}
database:
  storage: ${folder}
key:
  - id: ${KEY}
    algorithm: hmac-sha256
    secret: ${secret}
remote:
  - id: ours
    address: 127.0.0.1@${ours}
    key: ${KEY}
acl:
  - id: notify
    address: 127.0.0.1
    key: ${KEY}
    action: notify
zone:
  - domain: clamav.example
    storage: ${folder}
    master: ours
    acl: notify
`,
}

const GUIDE = join(import.meta.dirname, '..', '..', 'docs', 'guides', 'dns.md')

/** What the guide says for named.conf, with this test's ports, folder and key in it. */
function bindConf({ folder, port, ours, secret }: Place): string {
  const [, snippet = ''] = /```named\n([^`]*)```/.exec(readFileSync(GUIDE, 'utf8')) ?? []
  const changes: readonly (readonly [string, string])[] = [
    ['"SECRET"', `"${secret}"`],
    ['192.0.2.53 key', `127.0.0.1 port ${ours} key`],
    ['/var/cache/bind', folder],
  ]
  const zone = changes.reduce((text, [from, to]) => {
    assert.ok(text.includes(from), `the guide has ${from}`)
    return text.replaceAll(from, to)
  }, snippet)
  return `options {
  directory "${folder}";
  pid-file none;
  session-keyfile "${folder}/session.key";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  dnssec-validation no;
};
controls { };
${zone}`
}

export const BIND: Program = {
  path: '/usr/sbin/named',
  // It listens only on addresses that an interface has.
  host: '127.0.0.1',
  args: ({ folder }) => ['-g', '-n', '1', '-c', join(folder, 'conf')],
  conf: bindConf,
}
