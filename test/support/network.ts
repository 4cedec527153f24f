import { copyFile, mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DemoNetwork, type DemoOptions, startDemo } from '../../dev/demo/index.ts'
import { type Ended, run } from './run.ts'

/** The demo network in a folder of its own, and a sigmaker who uses the real rsync and ssh. */
export interface TestNetwork extends AsyncDisposable, DemoNetwork {
  readonly folder: string
  /** Options that every ssh and rsync of a sigmaker needs here. */
  readonly ssh: readonly string[]
  /** R92, verbatim but for port and host keys. `as` renames on the way: `test-1.cvd` to `test.cvd`. */
  upload(
    files: readonly (string | { readonly path: string; readonly as: string })[],
  ): Promise<Ended>
  /** R93, verbatim but for port and host keys. */
  trigger(): Promise<Ended>
  /** Uploads, triggers and throws unless it was published. */
  release(
    files: readonly (string | { readonly path: string; readonly as: string })[],
  ): Promise<string>
}

export async function testNetwork(
  mirrors = 2,
  more: Partial<DemoOptions> = {},
): Promise<TestNetwork> {
  await using starting = new AsyncDisposableStack()
  const { path: folder } = starting.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-net-')))
  const network = starting.use(
    await startDemo({ folder, mirrors, onEvent: () => {}, onPush: () => {}, ...more }),
  )
  const [master] = network.json.masters
  if (master === undefined) throw new Error('Cannot test without a master')
  const { identity, uploadUser, notifyUser } = network.json.sigmaker
  const knownHosts = join(folder, 'known_hosts')
  await writeFile(knownHosts, `[${master.host}]:${master.sshPort} ${master.hostKey}\n`)
  const ssh = [
    ...['-F', 'none', '-i', identity, '-p', String(master.sshPort)],
    ...['-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'BatchMode=yes'],
  ]
  const outbox = join(folder, 'outbox')
  const self: TestNetwork = {
    ...network,
    folder,
    ssh,
    async upload(files) {
      await mkdir(outbox, { recursive: true })
      const paths: string[] = []
      for (const file of files) {
        const { path, as } = typeof file === 'string' ? { path: file, as: undefined } : file
        if (as === undefined) paths.push(path)
        else paths.push(join(outbox, as))
        if (as !== undefined) await copyFile(path, join(outbox, as))
      }
      const shell = `ssh ${ssh.join(' ')}`
      const to = `${uploadUser}@${master.host}:public_html/`
      return run('rsync', ['-tcz', '--stats', '--progress', '-e', shell, ...paths, to])
    },
    trigger: () => run('ssh', [master.host, ...ssh, '-l', notifyUser, 'sleep', '1']),
    async release(files) {
      const uploaded = await self.upload(files)
      if (uploaded.status !== 0) throw new Error(`Cannot upload: ${uploaded.all}`)
      const triggered = await self.trigger()
      if (triggered.status !== 0) throw new Error(`Cannot release: ${triggered.all}`)
      return triggered.out
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
  const running = starting.move()
  return self
}
