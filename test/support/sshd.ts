import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../dev/demo/layout.ts'
import { run } from './run.ts'

export interface Sshd extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly hostKey: string
}

/** The real sshd on loopback, as who runs the test, with `authorized_keys` of that account. */
export async function startSshd(options: {
  /** A folder of its own is made in it. */
  readonly folder: string
  readonly authorizedKeys: string
  readonly type?: 'ed25519' | 'rsa'
}): Promise<Sshd> {
  const { authorizedKeys, type = 'ed25519' } = options
  const folder = join(options.folder, `sshd-${crypto.randomUUID()}`)
  const at = (name: string) => join(folder, name)
  await mkdir(folder)
  await run('ssh-keygen', ['-q', '-N', '', '-t', type, '-f', at('host')])
  await writeFile(at('authorized'), authorizedKeys, { mode: 0o600 })
  const host = '127.0.0.1'
  const port = await freePort([host])
  const lines = [
    `HostKey ${at('host')}`,
    `ListenAddress ${host}:${port}`,
    `AuthorizedKeysFile ${at('authorized')}`,
    `PidFile ${at('pid')}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin yes',
  ]
  await writeFile(at('config'), `${lines.join('\n')}\n`)
  const path = (await run('sh', ['-c', 'command -v sshd || echo /usr/sbin/sshd'])).out.trim()
  await mkdir('/run/sshd', { recursive: true })
  const child = spawn(path, ['-D', '-e', '-f', at('config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  for await (const text of child.stderr.setEncoding('utf8')) if (text.includes('listening')) break
  child.stderr.resume()
  const [kind = '', blob = ''] = (await readFile(`${at('host')}.pub`, 'utf8')).split(' ')
  return {
    host,
    port,
    user: userInfo().username,
    hostKey: `${kind} ${blob}`,
    async [Symbol.asyncDispose]() {
      child.kill()
      await once(child, 'exit')
    },
  }
}
