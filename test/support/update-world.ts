/** A client with a folder and a configuration of its own, and mirrors on loopback that serve what a test puts there. */
import { mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadSnapshot, serveHere } from '#adapters/http/index.ts'
import { newPublisherSecrets } from '#adapters/keys/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { clientPlan } from '#core/update/index.ts'
import { printPublisherKeys, publicKeys } from '#formats/dsig/index.ts'
import { parseFreshclamConf } from '#formats/freshclam-conf/index.ts'
import { runClient } from '#roles/update/index.ts'
import { CVDNET } from './cvdnet.ts'
import { writeOwnDatabase } from './own-database.ts'
import { patchBetween } from './patched-versions.ts'
import { type Ended, run } from './run.ts'

export type UpdateClient = Awaited<ReturnType<typeof updateClient>>

const HOST = '127.0.0.1'

export async function updateClient() {
  await using starting = new AsyncDisposableStack()
  const folder = starting.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-update-')))
  const secrets = await newPublisherSecrets('acme')
  const keys = join(folder.path, 'acme.keys')
  await writeFile(keys, printPublisherKeys(publicKeys(secrets)))
  const root = join(folder.path, 'root')
  const directory = join(folder.path, 'db')
  for (const one of [root, directory]) await mkdir(one)
  const requests: string[] = []
  const servers = serveHere({
    localFolder: root,
    onLines: (line) => requests.push(line),
    onFault: (line) => requests.push(line),
  })
  starting.use(servers)
  await servers.change({ isLogged: true })
  const publish = async () => {
    await servers.publish(await loadSnapshot(root, { signal: AbortSignal.timeout(10_000) }))
  }
  await publish()
  const { port } = starting.use(await servers.http({ host: HOST, port: 0 }))
  const conf = join(folder.path, 'freshclam.conf')
  const configure = async (...lines: readonly string[]) => {
    const all = [
      `DatabaseDirectory ${directory}`,
      'DatabaseOwner root',
      `DatabaseMirror http://${HOST}:${port}`,
      'DNSDatabaseInfo current.cvd.nowhere.test',
      'MaxAttempts 1',
      'ExcludeDatabase daily',
      'ExcludeDatabase main',
      'Bytecode no',
      'ExtraDatabase acme',
      ...lines,
    ]
    await writeFile(conf, `${all.join('\n')}\n`)
  }
  await configure()
  const args = ['update', '--config', conf, '--keys', keys]
  const owned = starting.move()
  return {
    ...{ folder: folder.path, root, directory, conf, keys, port, requests, secrets },
    configure,
    publish,
    args,
    /** `acme.cvd` at this version, with the patch to it. Its pattern is the text `acme N` in hexadecimal. */
    release: async (version: number) => {
      const path = join(root, 'acme.cvd')
      const made = new Map<number, Uint8Array>()
      for (const one of [version - 1, version]) {
        if (one === 0) continue
        made.set(one, await ownDatabase(path, one))
      }
      const [old, fresh] = [made.get(version - 1), made.get(version)]
      if (old !== undefined && fresh !== undefined) {
        const patch = await patchBetween(old, fresh, version, secrets)
        await writeFile(join(root, `acme-${version}.cdiff`), patch)
      }
      await publish()
    },
    /** The same without a process of its own, which is quicker. */
    updateHere: async (): Promise<number> => {
      const parsed = parseFreshclamConf(await readFile(conf, 'utf8'))
      const plan = parsed.ok ? clientPlan(parsed.value) : parsed
      if (!plan.ok) throw new Error(JSON.stringify(plan.fault))
      const voice = { print: () => {}, complain: () => {} }
      const publishers = [publicKeys(secrets)]
      const options = { plan: plan.value, publishers, version: '0', clock: systemClock, voice }
      return (await runClient(options, AbortSignal.timeout(60_000))).status
    },
    update: (...more: readonly string[]): Promise<Ended> =>
      run(process.execPath, [CVDNET, ...args, ...more]),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }

  async function ownDatabase(path: string, version: number): Promise<Uint8Array> {
    const ndb = `Acme.Test-${version}:0:*:${Buffer.from(`acme ${version}`).toString('hex')}\n`
    await writeOwnDatabase(path, secrets, { name: 'acme', version, members: { ndb } })
    return await readFile(path)
  }
}
