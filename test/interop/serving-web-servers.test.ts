/** The real nginx, Apache, lighttpd and Caddy with the configurations that we print, through the suite that ours runs. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { parseLogLine } from '#formats/access-log/index.ts'
import { printWebServerConf, type WebServer } from '#formats/web-server-conf/index.ts'
import { freePort } from '../../dev/demo/layout.ts'
import { run, without } from '../support/run.ts'
import { exchange, type Place } from '../support/serving/raw.ts'
import { answering, nginxCommand } from '../support/serving/start.ts'
import { servingSuite } from '../support/serving/suite.ts'
import { makeServedTree } from '../support/serving/tree.ts'

interface Candidate {
  readonly server: WebServer
  readonly program: string
  /** Writes what the server wants around our file, and gives its command line. */
  readonly command: (folder: string, conf: string) => Promise<readonly string[]>
  readonly excused?: Readonly<Record<string, string>>
}

async function apache(folder: string, conf: string): Promise<readonly string[]> {
  const modules = [
    'mpm_event',
    'authz_core',
    'authn_core',
    'authn_file',
    'authz_user',
    'auth_basic',
    'alias',
    'dir',
    'mime',
    'rewrite',
    'headers',
    'ratelimit',
    'proxy',
    'proxy_http',
    'socache_shmcb',
    'ssl',
    'http2',
  ]
  const main = join(folder, 'apache2.conf')
  const loads = modules
    .map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so\n`)
    .join('')
  const types = existsSync('/etc/mime.types') ? '/etc/mime.types' : '/dev/null'
  await writeFile(
    main,
    `ServerRoot ${folder}
PidFile ${folder}/pid
ErrorLog ${folder}/error.log
ServerName localhost
User www-data
Group www-data
${loads}TypesConfig ${types}
Mutex file:${folder}
Include ${conf}
`,
  )
  return ['apache2', '-X', '-d', folder, '-f', main]
}

const CANDIDATES: readonly Candidate[] = [
  { server: 'nginx', program: 'nginx', command: nginxCommand },
  { server: 'apache', program: 'apache2', command: apache },
  {
    server: 'lighttpd',
    program: 'lighttpd',
    excused: {
      'the header is 206 for HTTP/1.0 too':
        'it sends the whole, of which these clients read the first bytes',
      'POST is told that there is nothing to post': 'it gets the file',
      'a link of the operator does not lead out of the document root': 'followed, or 403',
    },
    command: async (_folder, conf) => ['lighttpd', '-D', '-f', conf],
  },
  {
    server: 'caddy',
    program: 'caddy',
    excused: { 'a link of the operator does not lead out of the document root': 'followed' },
    command: async (_folder, conf) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', conf],
  },
]

for (const candidate of CANDIDATES) describe(candidate.server, () => suiteOf(candidate))

function suiteOf(candidate: Candidate): void {
  const owned = new AsyncDisposableStack()
  const skip = without(candidate.program)
  let place: Started = { host: '127.0.0.1', port: 0, tlsPort: 0, accessLog: '' }
  before(async () => {
    if (skip === false) place = await started(candidate, owned)
  })
  after(() => owned.disposeAsync())
  const { server, excused = {} } = candidate
  servingSuite({ name: server, place: () => place, skip, excused })

  test(`${server}: HTTPS gives the same file`, { skip }, async () => {
    const request = get({
      ...place,
      port: place.tlsPort,
      path: '/timestamp',
      rejectUnauthorized: false,
    })
    const [response] = await once(request, 'response', { signal: AbortSignal.timeout(10_000) })
    response.resume()
    assert.equal(response.statusCode, 200)
  })

  // Caddy writes JSON.
  if (server !== 'caddy') {
    test(`${server}: its log is read line by line, bytes and all`, { skip }, async () => {
      const agent = 'ClamAV/1.4.6 (UUID: fd49bb29-8689-41b4-bef4-0123456789ab)'
      const head = `Host: a\r\nConnection: close\r\nUser-Agent: ${agent}\r\nRange: bytes=0-511`
      await exchange(place, `GET /main.cvd HTTP/1.1\r\n${head}\r\n\r\n`)
      const own = await loggedBy(place.accessLog, agent)
      assert.deepEqual([own.status, own.bytesSent, own.target], [206, 512, '/main.cvd'])
      assert.ok(Math.abs(own.at - Date.now()) < 60_000)
    })
  }

  test(`${server}: statistics are behind their login`, { skip }, async () => {
    const ask = async (...fields: readonly string[]) => {
      const head = ['Host: a', 'Connection: close', ...fields].join('\r\n')
      const { answers } = await exchange(place, `GET /local_stats/ HTTP/1.1\r\n${head}\r\n\r\n`)
      return answers[0]
    }
    assert.equal((await ask())?.status, 401)
    const login = `Authorization: Basic ${Buffer.from('mirror1:secret').toString('base64')}`
    const inside = await ask(login)
    assert.deepEqual([inside?.status, inside?.body.toString()], [200, 'usage'])
  })
}

interface Started extends Place {
  readonly tlsPort: number
  readonly accessLog: string
}

/** Servers write their logs when they like. Every other line is read as well. */
async function loggedBy(accessLog: string, agent: string) {
  const signal = AbortSignal.timeout(20_000)
  for (;;) {
    const lines = (await readFile(accessLog, 'latin1').catch(() => '')).split('\n').slice(0, -1)
    const requests = lines.map(parseLogLine)
    const found = requests.find((request) => request?.agent === agent)
    if (found === undefined) await setTimeout(200, undefined, { signal })
    else {
      assert.deepEqual(
        lines.filter((_, at) => requests[at] === undefined),
        [],
      )
      return found
    }
  }
}

async function started(
  { server, command }: Candidate,
  owned: AsyncDisposableStack,
): Promise<Started> {
  const folder = owned.use(await mkdtempDisposable(join(tmpdir(), `cvdnet-${server}-`)))
  const root = join(folder.path, 'root')
  await makeServedTree(root)
  await mkdir(join(root, 'local_stats'))
  await writeFile(join(root, 'local_stats', 'index.html'), 'usage')
  // Servers that give up root must still be able to read.
  await chmod(folder.path, 0o755)
  const passwords = join(folder.path, 'passwords')
  await writeFile(passwords, await loginFor(server))
  const [port, tlsPort] = [await freePort(['127.0.0.1']), await freePort(['127.0.0.1'])]
  const tls = { ...(await certificateIn(folder.path)), port: tlsPort }
  const conf = printWebServerConf(server, {
    zone: 'clamav.test',
    names: ['mirror1.example'],
    root,
    port,
    tls,
    accessLog: join(folder.path, 'access.log'),
    passwords,
    statisticsFrom: undefined,
    databaseSpeed: undefined,
    patchSpeed: undefined,
  })
  assert.ok(conf.ok)
  const file = join(folder.path, 'site.conf')
  await writeFile(file, conf.value)
  const [program = '', ...args] = await command(folder.path, file)
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, HOME: folder.path },
  })
  owned.defer(async () => {
    child.kill()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  await answering(child, port)
  return { host: '127.0.0.1', port, tlsPort, accessLog: join(folder.path, 'access.log') }
}

async function certificateIn(folder: string) {
  const [certificate, key] = [join(folder, 'tls.pem'), join(folder, 'tls.key')]
  const made = await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
    ...['-subj', '/CN=mirror1.example', '-days', '2', '-keyout', key, '-out', certificate],
  ])
  assert.equal(made.status, 0, made.all)
  return { certificate, key }
}

async function loginFor(server: WebServer): Promise<string> {
  if (server === 'caddy') {
    const hash = await run('caddy', ['hash-password', '--plaintext', 'secret'])
    return `basicauth /local_stats/* {\n\tmirror1 ${hash.out.trim()}\n}\n`
  }
  const hash = await run('openssl', ['passwd', '-apr1', 'secret'])
  return `mirror1:${hash.out.trim()}\n`
}
