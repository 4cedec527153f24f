/**
 * A mirror with nothing of ours on it (R50–R65): OpenSSH with the keys file that we print, a script of the kind that
 * operators had in 2004, rsync, procmail's lockfile, and nginx. Our master calls it, and sees by its own look that it
 * serves.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { printAuthorizedKeys } from '#formats/authorized-keys/index.ts'
import { parseClientsyncConf } from '#formats/clientsync-conf/index.ts'
import { printWebServerConf } from '#formats/web-server-conf/index.ts'
import type { MirrorOptions } from '#roles/mirror/index.ts'
import { testNetwork } from '../support/network.ts'
import { realData, run, without, withoutRealData } from '../support/run.ts'
import { answering, nginxCommand } from '../support/serving/start.ts'

const skip = without('ssh', 'sshd', 'rsync', 'lockfile', 'nginx', 'bash') || withoutRealData()
const cvd = (version: number) => ({ path: realData(`clamav/test-${version}.cvd`), as: 'test.cvd' })

/** Written for this test after the description of April 2004: conf sourced, lock taken, one rsync. */
const SCRIPT = `#!/bin/bash
MASTER="$1"
[ -n "$MASTER" ] || { echo "usage: clam-clientsync MASTER" >&2; exit 1; }
. "$HOME/etc/clam-clientsync.conf"
LOCK="$HOME/clam-clientsync.lock"
lockfile -! -r 0 -l 7200 "$LOCK" 2> /dev/null && { echo "another sync is running" >&2; exit 1; }
trap 'rm -f "$LOCK"' EXIT
export RSYNC_PASSWORD
rsync --recursive --links --hard-links --times --compress --delete $EXCLUDE \\
  "$RSYNC_USER@$MASTER::\${MODULE:-clamavdb}" "$TO"
`

/** sshd and nginx where a mirror of ours would be. */
async function startOldMirror(mirror: MirrorOptions): Promise<AsyncDisposable> {
  await using starting = new AsyncDisposableStack()
  const home = dirname(dirname(mirror.confFile))
  const { to, rsyncPort, ...conf } = await confOf(mirror.confFile)
  const script = join(home, 'bin', 'clam-clientsync')
  await mkdir(dirname(script), { recursive: true })
  await mkdir(join(home, 'etc'), { recursive: true })
  await writeFile(script, SCRIPT, { mode: 0o755 })
  // The port is 873 everywhere but here, and the script has no setting for it; EXCLUDE reaches rsync as it stands.
  const lines = [
    `TO="${to}"`,
    `RSYNC_USER="${conf.rsyncUser}"`,
    `RSYNC_PASSWORD="${conf.rsyncPassword}"`,
    `EXCLUDE="--exclude local_* --port=${rsyncPort}"`,
  ]
  await writeFile(join(home, 'etc', 'clam-clientsync.conf'), `${lines.join('\n')}\n`, {
    mode: 0o600,
  })
  const [master] = mirror.masters
  assert.ok(master)
  const command = `HOME=${home} exec ${script} 127.0.0.1`
  const keys = printAuthorizedKeys([{ key: master.key, comment: master.name, command }])
  starting.use(await startSshd(mirror, keys))
  starting.use(await startNginx(mirror, to))
  return starting.move()
}

async function confOf(file: string) {
  const conf = parseClientsyncConf(await readFile(file, 'utf8'), { home: dirname(file) })
  assert.ok(conf.ok)
  return conf.value
}

async function startSshd(mirror: MirrorOptions, authorizedKeys: string): Promise<AsyncDisposable> {
  const folder = join(dirname(mirror.hostKeyFile), 'sshd')
  await mkdir(folder, { recursive: true })
  const keys = join(folder, 'authorized_keys')
  await writeFile(keys, authorizedKeys, { mode: 0o600 })
  await chmod(mirror.hostKeyFile, 0o600)
  const settings = [
    `HostKey ${mirror.hostKeyFile}`,
    `ListenAddress ${mirror.ssh.host}:${mirror.ssh.port}`,
    `AuthorizedKeysFile ${keys}`,
    `PidFile ${join(folder, 'pid')}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin yes',
  ]
  await writeFile(join(folder, 'config'), `${settings.join('\n')}\n`)
  await mkdir('/run/sshd', { recursive: true })
  const path = (await run('sh', ['-c', 'command -v sshd || echo /usr/sbin/sshd'])).out.trim()
  const child = spawn(path, ['-D', '-e', '-f', join(folder, 'config')], { stdio: 'pipe' })
  await answering(child, mirror.ssh.port, mirror.ssh.host)
  return ended(child)
}

async function startNginx(
  { http, confFile }: MirrorOptions,
  root: string,
): Promise<AsyncDisposable> {
  const folder = join(dirname(confFile), 'nginx')
  await mkdir(folder, { recursive: true })
  const conf = printWebServerConf('nginx', {
    zone: 'clamav.test',
    names: [],
    root,
    port: http.port,
    tls: undefined,
    accessLog: join(folder, 'access.log'),
    passwords: undefined,
    statisticsFrom: undefined,
    databaseSpeed: undefined,
    patchSpeed: undefined,
  })
  assert.ok(conf.ok)
  await writeFile(join(folder, 'site.conf'), conf.value)
  const [program = '', ...args] = await nginxCommand(folder, join(folder, 'site.conf'))
  const child = spawn(program, args, { stdio: 'pipe' })
  await answering(child, http.port)
  return ended(child)
}

function ended(child: ReturnType<typeof spawn>): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

async function startOldMirrors(mirrors: readonly MirrorOptions[]): Promise<AsyncDisposable> {
  await using starting = new AsyncDisposableStack()
  for (const mirror of mirrors) starting.use(await startOldMirror(mirror))
  return starting.move()
}

test('a mirror of 2004, with bash, rsync, lockfile, OpenSSH and nginx, is pushed to and acknowledged', {
  skip,
}, async () => {
  const pushed: string[] = []
  await using network = await testNetwork(1, {
    account: userInfo().username,
    startMirrors: startOldMirrors,
    onPush: (_mirror, event) => pushed.push(event.kind),
  })
  const [mirror] = network.json.mirrors
  assert.ok(mirror)
  await writeFile(join(mirror.docroot, 'local_logo.png'), 'PNG')
  await writeFile(join(mirror.docroot, 'stray.cvd'), 'of nobody')
  await network.release([cvd(1)])
  await until(() => pushed.includes('acknowledged'))
  const names = await readdir(mirror.docroot)
  assert.ok(
    names.includes('test.cvd') && names.includes('timestamp') && names.includes('local_logo.png'),
  )
  assert.ok(!names.includes('stray.cvd'))
  const original = await readFile(realData('clamav/test-1.cvd'))
  const url = `http://${mirror.host}:${mirror.httpPort}`
  const served = Buffer.from(await (await fetch(`${url}/test.cvd`)).arrayBuffer())
  assert.ok(served.equals(original))
  await assert.rejects(stat(join(dirname(dirname(mirror.conf)), 'clam-clientsync.lock')))

  pushed.length = 0
  await network.release([cvd(2)])
  await until(() => pushed.includes('acknowledged'))
  const second = Buffer.from(await (await fetch(`${url}/test.cvd`)).arrayBuffer())
  assert.ok(second.equals(await readFile(realData('clamav/test-2.cvd'))))
})

async function until(isSo: () => boolean): Promise<void> {
  const signal = AbortSignal.timeout(30_000)
  while (!isSo()) await setTimeout(50, undefined, { signal })
}
