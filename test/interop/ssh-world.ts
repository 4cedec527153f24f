/**
 * A door of ours on loopback with sigmakers who have real OpenSSH keys, and the real clients to knock with. Everything
 * lies in one temporary folder that goes away with the world.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { type SshDoorEvent, startSshDoor } from '#adapters/ssh/index.ts'
import type { SshCall, SshDoor, UploadLimits } from '#ports/ssh-door.ts'

export interface End {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly input?: string | Uint8Array
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  readonly onOut?: (text: string) => void
}

/** sshd and prlimit are not on everybody's path. */
const PATH = [process.env['PATH'] ?? '', '/usr/sbin', '/sbin'].join(delimiter)

/** Runs a program to its end. A killed one has a status of null. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<End> {
  const child = spawn(command, [...args], {
    cwd: options.cwd,
    env: { PATH, LANG: 'C', ...options.env },
    stdio: 'pipe',
    signal: AbortSignal.any([
      AbortSignal.timeout(60_000),
      ...(options.signal ? [options.signal] : []),
    ]),
  })
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  let [out, err] = ['', '']
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    out += text
    options.onOut?.(text)
  })
  child.stderr.setEncoding('latin1').on('data', (text: string) => {
    err += text
  })
  // A killed child says so by an error first, so `once` would reject.
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { status, out, err }
}

/** Why these tests cannot run here, if they cannot: what is missing. */
export async function missingPrograms(...names: readonly string[]): Promise<string | false> {
  const missing: string[] = []
  for (const name of names) {
    const { status } = await run('sh', ['-c', `command -v ${name}`])
    if (status !== 0) missing.push(name)
  }
  return missing.length > 0 && `not installed: ${missing.join(', ')}`
}

export const LIMITS: UploadLimits = {
  fileBytesMax: 8 * 1024 * 1024,
  folderBytesMax: 20 * 1024 * 1024,
  filesMax: 12,
}

export interface Sigmaker {
  readonly name: string
  readonly keyFile: string
  readonly publicKey: string
  /** What the sigmaker sees as `public_html/`. */
  readonly folder: string
}

export class SshWorld implements AsyncDisposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'cvdnet-ssh-'))
  readonly events: SshDoorEvent[] = []
  readonly sigmakers: Sigmaker[] = []
  /** What the trigger account runs. */
  command: (call: SshCall) => Promise<number> = async () => 0
  limits: UploadLimits = LIMITS
  loginTimeoutMs = 5_000
  #door: SshDoor | undefined

  get door(): SshDoor {
    if (this.#door === undefined) throw new Error('The world has not started')
    return this.#door
  }

  async start(): Promise<this> {
    this.#door = await startSshDoor({
      host: '127.0.0.1',
      port: 0,
      hostKeyFile: join(this.dir, 'host_key'),
      loginTimeoutMs: this.loginTimeoutMs,
      policy: {
        admit: (user, key) => {
          const sigmaker = this.sigmakers.find(({ publicKey }) => publicKey === key)
          if (sigmaker === undefined) return undefined
          if (user === 'clamavdb') return { kind: 'command', run: (call) => this.command(call) }
          if (user !== 'clamupload') return undefined
          return { kind: 'upload', folder: sigmaker.folder, limits: this.limits }
        },
      },
      onEvent: (event) => this.events.push(event),
    })
    const { host, port, hostKey } = this.door
    writeFileSync(join(this.dir, 'known_hosts'), `[${host}]:${port} ${hostKey}\n`)
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#door?.[Symbol.asyncDispose]()
    rmSync(this.dir, { recursive: true, force: true })
  }

  async addKey(name: string, type: readonly string[] = ['ed25519']): Promise<Sigmaker> {
    const keyFile = join(this.dir, `id_${name}`)
    await run('ssh-keygen', ['-q', '-N', '', '-C', name, '-f', keyFile, '-t', ...type])
    const [kind = '', blob = ''] = (await readFile(`${keyFile}.pub`, 'utf8')).split(' ')
    const folder = join(this.dir, `files-${name}`)
    mkdirSync(folder)
    return { name, keyFile, publicKey: `${kind} ${blob.trim()}`, folder }
  }

  async addSigmaker(name: string, type?: readonly string[]): Promise<Sigmaker> {
    const sigmaker = await this.addKey(name, type)
    this.sigmakers.push(sigmaker)
    return sigmaker
  }

  file(name: string, content: string | Uint8Array): string {
    const file = join(this.dir, name)
    writeFileSync(file, content)
    return file
  }

  /** Options that ssh, scp and sftp understand alike; the port is apart, they disagree about its letter. */
  options(sigmaker: Sigmaker): string[] {
    const settings = [
      `UserKnownHostsFile=${join(this.dir, 'known_hosts')}`,
      'StrictHostKeyChecking=yes',
      'IdentitiesOnly=yes',
      'BatchMode=yes',
      'LogLevel=ERROR',
    ]
    return ['-F', 'none', '-i', sigmaker.keyFile, ...settings.flatMap((setting) => ['-o', setting])]
  }

  async ssh(sigmaker: Sigmaker, args: readonly string[], options?: RunOptions): Promise<End> {
    const { host, port } = this.door
    return await run('ssh', [...this.options(sigmaker), '-p', String(port), host, ...args], options)
  }

  async rsync(sigmaker: Sigmaker, args: readonly string[], options?: RunOptions): Promise<End> {
    const shell = ['ssh', ...this.options(sigmaker), '-p', String(this.door.port)].join(' ')
    return await run('rsync', ['-e', shell, ...args], options)
  }

  async scp(sigmaker: Sigmaker, args: readonly string[], options?: RunOptions): Promise<End> {
    return await run(
      'scp',
      [...this.options(sigmaker), '-P', String(this.door.port), ...args],
      options,
    )
  }

  /** Runs a batch; its first failing line ends it. */
  async sftp(sigmaker: Sigmaker, batch: string, options?: RunOptions): Promise<End> {
    const port = ['-P', String(this.door.port)]
    const to = `clamupload@${this.door.host}`
    const args = [...this.options(sigmaker), ...port, '-b', '-', to]
    return await run('sftp', args, { ...options, input: batch })
  }

  to(path = 'public_html/'): string {
    return `clamupload@${this.door.host}:${path}`
  }
}
