/** The servers that are compared, each with the same tree: on core 0, or with two threads or processes on any core. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '../../dev/demo/layout.ts'
import { without } from '../../test/support/run.ts'

export interface Contender {
  readonly name: string
  start(): Promise<Running>
}

export interface Running extends AsyncDisposable {
  readonly port: number
  readonly pid: number
}

const SERVER_CORE = '0'
const ALL_CORES = '0-1'
/** Where the command line keeps it too. */
const COMPILED = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'cvdnet')
const START_TRIES = 100

/** Ours and the tuned nginx alone, with two of what each calls a worker. */
export function doubled(folder: string): readonly Contender[] {
  return [
    { name: 'ours', start: () => ours(folder, 2) },
    { name: 'tuned', start: () => nginx(folder, 'tuned', TUNED, 2) },
  ]
}

export async function contenders(folder: string): Promise<readonly Contender[]> {
  const tree = join(folder, 'tree')
  const list: Contender[] = [
    { name: 'ours', start: () => ours(folder, 1) },
    { name: 'tuned', start: () => nginx(folder, 'tuned', TUNED) },
    {
      name: 'as run',
      start: () => nginx(folder, 'as-run', `access_log ${folder}/nginx.log combined;`),
    },
  ]
  if (!without('caddy')) list.push({ name: 'caddy', start: () => caddy(folder) })
  if (!without('python3')) {
    const command = (port: number) => [
      'python3',
      '-m',
      'http.server',
      '--bind',
      '127.0.0.1',
      '-d',
      tree,
      String(port),
    ]
    list.push({ name: 'python', start: () => started(command) })
  }
  return list
}

const TUNED = `access_log off; open_file_cache max=1000 inactive=60s; open_file_cache_valid 60s;
  open_file_cache_min_uses 1; tcp_nopush on; sendfile_max_chunk 2m; keepalive_requests 1000000;`

async function ours(folder: string, workers: number): Promise<Running> {
  const script = join(import.meta.dirname, '..', 'serve-process.ts')
  const log = join(folder, 'access.log')
  const rest = (port: number) => [join(folder, 'tree'), String(port), log, String(workers)]
  return await started((port) => [process.execPath, script, ...rest(port)], workers)
}

async function nginx(
  folder: string,
  name: string,
  settings: string,
  workers = 1,
): Promise<Running> {
  const prefix = join(folder, name)
  mkdirSync(prefix, { recursive: true })
  const shared = workers > 1 ? ' reuseport' : ''
  return await started((port) => {
    writeFileSync(
      join(prefix, 'nginx.conf'),
      `daemon off; worker_processes ${workers}; pid ${prefix}/pid; error_log ${prefix}/error.log; user root;
events { worker_connections 8192; multi_accept on; }
http { sendfile on; tcp_nodelay on; types {} default_type application/octet-stream;
  client_body_temp_path ${prefix}/a; proxy_temp_path ${prefix}/b; fastcgi_temp_path ${prefix}/c;
  uwsgi_temp_path ${prefix}/d; scgi_temp_path ${prefix}/e; keepalive_timeout 60s; ${settings}
  server { listen 127.0.0.1:${port}${shared}; root ${join(folder, 'tree')}; } }\n`,
    )
    return ['nginx', '-p', prefix, '-c', join(prefix, 'nginx.conf')]
  }, workers)
}

async function caddy(folder: string): Promise<Running> {
  return await started((port) => {
    const file = join(folder, 'Caddyfile')
    const text = `{\n\tadmin off\n\tauto_https off\n}\nhttp://127.0.0.1:${port} {\n\troot * ${join(folder, 'tree')}\n\tfile_server\n\tlog {\n\t\toutput file ${folder}/caddy.log\n\t}\n}\n`
    writeFileSync(file, text)
    return ['caddy', 'run', '--adapter', 'caddyfile', '--config', file]
  })
}

async function started(
  command: (port: number) => readonly string[],
  workers = 1,
): Promise<Running> {
  const port = await freePort(['127.0.0.1'])
  const cores = workers === 1 ? SERVER_CORE : ALL_CORES
  const child = spawn('taskset', ['-c', cores, ...command(port)], {
    stdio: ['ignore', 'ignore', 'ignore'],
    env: { ...process.env, GOMAXPROCS: '1', HOME: '/tmp', NODE_COMPILE_CACHE: COMPILED },
  })
  const { pid } = child
  if (pid === undefined) throw new Error('Cannot start a server')
  await answering(child, port)
  return {
    port,
    pid,
    async [Symbol.asyncDispose]() {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

async function answering(child: ChildProcess, port: number): Promise<void> {
  for (let round = 0; round < START_TRIES; round += 1) {
    if (child.exitCode !== null) break
    const socket = connect(port, '127.0.0.1')
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isThere) return
    await wait(50)
  }
  child.kill()
  throw new Error(`Cannot reach ${child.spawnargs.join(' ')}`)
}
