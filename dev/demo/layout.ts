import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { writeFileAtomic } from '#adapters/disk/index.ts'
import { newPublisherSecrets } from '#adapters/keys/index.ts'
import { type KeyPair, loadOrMakeKey } from '#adapters/ssh/index.ts'
import { makeNetworkKeys } from '#adapters/tuf/index.ts'
import { epochMs } from '#base/time.ts'
import {
  type PublisherSecrets,
  parsePublisherSecrets,
  printPublisherKeys,
  printPublisherSecrets,
  publicKeys,
} from '#formats/dsig/index.ts'

/** Where the demo keeps what: all below one folder, kept between runs. */
export const layout = (folder: string) => ({
  networkJson: join(folder, 'network.json'),
  store: join(folder, 'store.sqlite'),
  networkKeys: join(folder, 'keys', 'network'),
  publisherSecrets: join(folder, 'keys', 'publisher.json'),
  publisherKeys: join(folder, 'keys', 'publisher.pub.json'),
  sigmaker: join(folder, 'sigmaker'),
  identity: join(folder, 'sigmaker', 'id_ed25519'),
  master: (name: string) => join(folder, name),
  mirror: (name: string) => ({
    conf: join(folder, name, 'etc', 'clam-clientsync.conf'),
    tufRoot: join(folder, name, 'etc', 'root.json'),
    publisherKeys: join(folder, name, 'etc', 'publisher.pub.json'),
    hostKey: join(folder, name, 'etc', 'ssh_host_ed25519_key'),
    docroot: join(folder, name, 'htdocs'),
    state: join(folder, name, 'var'),
  }),
})

export interface DemoKeys {
  readonly publisher: PublisherSecrets
  readonly sigmaker: KeyPair
}

/** Makes the keys of the network, of a publisher and of a sigmaker where they are not there from an earlier run. */
export async function prepareKeys(folder: string): Promise<DemoKeys> {
  const at = layout(folder)
  await mkdir(join(folder, 'keys'), { recursive: true, mode: 0o700 })
  await mkdir(at.sigmaker, { recursive: true, mode: 0o700 })
  if (!(await exists(join(at.networkKeys, 'root.json')))) {
    await makeNetworkKeys(at.networkKeys, epochMs(Date.now()))
  }
  if (!(await exists(at.publisherSecrets))) {
    const secrets = await newPublisherSecrets('demo')
    await writeFileAtomic(at.publisherKeys, printPublisherKeys(publicKeys(secrets)))
    await writeFileAtomic(at.publisherSecrets, printPublisherSecrets(secrets), { mode: 0o600 })
  }
  const parsed = parsePublisherSecrets(await readFile(at.publisherSecrets, 'utf8'))
  if (!parsed.ok) throw new Error(`Cannot read the demo's publisher key "${at.publisherSecrets}"`)
  return { publisher: parsed.value, sigmaker: await loadOrMakeKey(at.identity, 'sigmaker') }
}

export function newPassword(): string {
  return randomBytes(12).toString('hex')
}

/** Below the ports that the kernel gives to outgoing connections, so that none takes ours before we listen. */
const PORT_MIN = 20_000
const PORT_MAX = 32_000
const PORT_TRIES = 100

/** A port that is free on every one of these addresses now. */
export async function freePort(hosts: readonly string[]): Promise<number> {
  for (let attempt = 0; attempt < PORT_TRIES; attempt += 1) {
    const port = randomInt(PORT_MIN, PORT_MAX)
    const free = await Promise.all(hosts.map((host) => isFree(host, port)))
    if (free.every(Boolean)) return port
  }
  throw new Error(`Cannot find a port that is free on ${hosts.join(', ')}`)
}

async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
