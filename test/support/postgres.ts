import { execFileSync } from 'node:child_process'
import { chown, mkdtempDisposable, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Ended, run } from './run.ts'

/** A PostgreSQL of our own: in a folder that is removed, on a socket in it, as a user without rights. */
export interface TestPostgres extends AsyncDisposable {
  /** Makes an empty database and says how it is reached. */
  database(): Promise<string>
  start(): Promise<void>
  /** At once, as a power cut would. */
  stop(): Promise<void>
}

const INSTALLED = '/usr/lib/postgresql'
const SUPERUSER = 'cvdnet'
const SETTINGS = [
  "listen_addresses=''",
  'max_connections=50',
  'shared_buffers=16MB',
  // The folder does not outlive the test.
  'fsync=off',
]

/** A reason to skip when PostgreSQL is not installed, else false. */
export async function withoutPostgres(): Promise<string | false> {
  return (await newestBin()) === undefined ? 'not installed: postgresql' : false
}

export async function startPostgres(): Promise<TestPostgres> {
  const bin = await newestBin()
  if (bin === undefined) throw new Error('Cannot find PostgreSQL')
  await using starting = new AsyncDisposableStack()
  const { path: folder } = starting.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-pg-')))
  const owner = unprivileged()
  if (owner !== undefined) await chown(folder, owner.uid, owner.gid)
  const data = join(folder, 'data')
  const call = async (program: string, args: readonly string[]): Promise<Ended> => {
    const end = await run(join(bin, program), args, { cwd: folder, ...owner })
    if (end.status !== 0) throw new Error(`Cannot run ${program}: ${end.all}`)
    return end
  }
  await call('initdb', [
    ...['--pgdata', data, '--username', SUPERUSER, '--auth', 'trust', '--no-sync'],
    ...['--locale', 'C', '--encoding', 'UTF8'],
  ])
  const settings = [...SETTINGS, `unix_socket_directories='${folder}'`]
  const options = settings.map((setting) => `-c ${setting}`).join(' ')
  const start = async () => {
    await call('pg_ctl', [
      'start',
      '--pgdata',
      data,
      '--wait',
      '-l',
      join(folder, 'log'),
      '-o',
      options,
    ])
  }
  const stop = async () => {
    await call('pg_ctl', ['stop', '--pgdata', data, '--mode', 'immediate', '--wait'])
  }
  await start()
  starting.defer(() => stop().catch(() => {}))
  let count = 0
  const running = starting.move()
  return {
    start,
    stop,
    async database() {
      count += 1
      const name = `store${count}`
      await call('createdb', ['--host', folder, '--username', SUPERUSER, name])
      return `postgres://${SUPERUSER}@/${name}?host=${encodeURIComponent(folder)}`
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

async function newestBin(): Promise<string | undefined> {
  const versions = (await readdir(INSTALLED).catch(() => [])).map(Number).filter(Number.isFinite)
  return versions.length === 0 ? undefined : join(INSTALLED, String(Math.max(...versions)), 'bin')
}

/** PostgreSQL does not run as root; Debian's package has made a user for it. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
