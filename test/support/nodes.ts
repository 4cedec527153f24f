import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadOrMakeKey } from '#adapters/ssh/index.ts'
import { makeNetworkKeys } from '#adapters/tuf/index.ts'
import { epochMs } from '#base/time.ts'
import { freePort } from '../../dev/demo/layout.ts'
import { realData, run } from './run.ts'

export interface Nodes {
  readonly master: string
  readonly mirror: string
  readonly ports: Readonly<Record<'ssh' | 'rsync' | 'mirrorSsh' | 'http', number>>
  readonly identity: string
}

/** What an operator and a master's team have written down: two settings files, one conf, keys. */
export async function writeNodes(folder: string, store = ''): Promise<Nodes> {
  const port = () => freePort(['127.0.0.1', '127.0.1.1'])
  const ports = {
    ssh: await port(),
    rsync: await port(),
    mirrorSsh: await port(),
    http: await port(),
  }
  const at = (...parts: string[]) => join(folder, ...parts)
  for (const name of ['one/master', 'two/mirror', 'htdocs', 'etc']) {
    await mkdir(at(name), { recursive: true })
  }
  await makeNetworkKeys(at('one', 'network'), epochMs(Date.now()))
  await copyFile(at('one', 'network', 'root.json'), at('etc', 'root.json'))
  const trigger = await loadOrMakeKey(at('one', 'master', 'trigger_ed25519_key'), 'rsync1')
  const mirrorHost = await loadOrMakeKey(at('two', 'mirror', 'ssh_host_ed25519_key'), 'mirror1')
  const identity = at('id_ed25519')
  const sigmaker = await loadOrMakeKey(identity, 'alice')
  await writeFile(at('password'), 'wonderland\n')
  const master = at('master.toml')
  await writeFile(
    master,
    `zone = "clamav.test"
state = "one"
[master]
name = "rsync1"
network_keys = "one/network"
[master.ssh]
host = "127.0.0.1"
port = ${ports.ssh}
[master.rsync]
host = "127.0.0.1"
port = ${ports.rsync}
${store}
[[master.sigmakers]]
name = "alice"
key = "${sigmaker.publicKey}"
databases = ["test"]
[[master.mirrors]]
name = "mirror1"
host = "127.0.1.1"
http_port = ${ports.http}
ssh_port = ${ports.mirrorSsh}
host_key = "${mirrorHost.publicKey}"
country = "DE"
region = "europe"
user = "mirror1"
password_file = "password"
`,
  )
  const conf = at('etc', 'clam-clientsync.conf')
  await writeFile(
    conf,
    `TO=${at('htdocs')}
RSYNC_USER=mirror1
RSYNC_PASSWORD=wonderland
EXCLUDE="--exclude local_*"
MASTERS="rsync1=127.0.0.1:${ports.rsync}"
TUF_ROOT=${at('etc', 'root.json')}
STATE=${at('two', 'sync')}
`,
    { mode: 0o600 },
  )
  const mirror = at('mirror.toml')
  await writeFile(
    mirror,
    `zone = "clamav.test"
state = "two"
[mirror]
name = "mirror1"
conf = "${conf}"
[mirror.ssh]
host = "127.0.1.1"
port = ${ports.mirrorSsh}
[mirror.http]
host = "127.0.1.1"
port = ${ports.http}
[[mirror.masters]]
name = "rsync1"
key = "${trigger.publicKey}"
`,
  )
  return { master, mirror, ports, identity }
}

/** Uploads and triggers, with the real rsync and ssh. */
export function sigmaker(identity: string, port: number, folder: string) {
  const ssh = ['-F', 'none', '-i', identity, '-p', String(port), '-o', 'BatchMode=yes']
  ssh.push('-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null')
  const upload = async (version: number) => {
    const file = join(folder, 'test.cvd')
    await copyFile(realData(`clamav/test-${version}.cvd`), file)
    const shell = `ssh ${ssh.join(' ')}`
    return await run('rsync', ['-tcz', '-e', shell, file, 'clamupload@127.0.0.1:public_html/'])
  }
  const trigger = () => run('ssh', ['127.0.0.1', ...ssh, '-l', 'clamavdb', 'sleep', '1'])
  const release = async (version: number) => {
    await upload(version)
    return await trigger()
  }
  return { upload, trigger, release }
}
