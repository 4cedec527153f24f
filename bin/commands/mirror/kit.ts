import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DiskError } from '#adapters/disk/index.ts'
import { NetworkPgpKey } from '#adapters/openpgp/index.ts'
import { loadOrMakeKey } from '#adapters/ssh/index.ts'
import { grouped, type KitFacts, type KitMaster } from '#core/kit/index.ts'
import type { MirrorRecord } from '#core/mirrors/index.ts'
import type { Settings } from '#formats/cvdnet-toml/index.ts'
import { printPublisherKeys } from '#formats/dsig/index.ts'
import { masterFiles } from '#roles/master/index.ts'
import { makeKit } from '#roles/registrar/index.ts'
import { CommandEnd, EXIT, ended, say, sayJson } from '../../io.ts'
import { untilInterrupted } from '../cvd/common.ts'
import { readPublisher } from '../run/publishers.ts'
import type { KitFlags } from './kits.ts'
import { granted, type Office, openOffice } from './office.ts'

/** gpg's home, below the network's keys. */
const OPENPGP = 'openpgp'

export async function kit(name: string, flags: KitFlags): Promise<void> {
  await using office = await openOffice(flags.config)
  const mirror = granted(await office.registrar.mirror(name))
  const facts = await factsOf(office, mirror, flags)
  const { networkKeys } = masterOf(office.settings)
  const home = join(networkKeys, OPENPGP)
  await using key = await NetworkPgpKey.open(home, office.settings.zone, untilInterrupted())
  const folder = resolve(flags.output ?? `kit-${name}`)
  const made = await makeKit(facts, key, folder).catch((error: unknown) => {
    const isTaken = error instanceof DiskError && error.message.includes('something is there')
    throw isTaken ? ended(EXIT.refused, error.message, error) : error
  })
  if (!made.ok) {
    const { value } = made.fault
    throw new CommandEnd(EXIT.usage, `Cannot write "${value}" into a web server's configuration`)
  }
  if (flags.json === true) sayJson({ mirror: name, folder, fingerprint: key.fingerprint })
  else {
    say(`${folder}: for the operator of ${name}; it holds his passwords`)
    say(`signed by ${grouped(key.fingerprint)}`)
  }
}

function masterOf({ master }: Settings): NonNullable<Settings['master']> {
  if (master !== undefined) return master
  throw new CommandEnd(EXIT.usage, 'kits are made on a master, and these settings have no [master]')
}

async function factsOf(
  { settings, store }: Office,
  mirror: MirrorRecord,
  flags: KitFlags,
): Promise<Omit<KitFacts, 'fingerprint'>> {
  const { name, rsyncLogin: login, account } = mirror
  if (login === undefined) {
    throw new CommandEnd(EXIT.refused, `${name} has no login yet: cvdnet mirror approve ${name}`)
  }
  const own = masterOf(settings)
  // ClamAV's keys are built in.
  const named = own.publishers.filter(({ keys }) => keys !== undefined)
  const publishers = await Promise.all(named.map(readPublisher))
  const known = (await store.registry.masters.list()).map(({ value }) => value)
  const others = known.filter((master) => master.name !== own.name)
  const registered = known.find((master) => master.name === own.name)
  return {
    ...mirror,
    zone: settings.zone,
    login,
    bandwidthKbit: mirror.push.bandwidthKbit,
    masters: [registered ?? (await ownMaster(settings)), ...others],
    tufRoot: await tufRoot(own.networkKeys),
    publishers: publishers.map(({ keys }) => ({
      name: keys.publisher,
      text: printPublisherKeys(keys),
    })),
    shellKeys: settings.registry.shellKeys,
    place: { home: flags.home ?? `/home/${account}`, documentRoot: flags.documentRoot },
  }
}

/** As long as the registry does not know this master: its settings and files. */
async function ownMaster(settings: Settings): Promise<KitMaster> {
  const { name, address: host, rsync, module } = masterOf(settings)
  const files = masterFiles(join(settings.state, 'master'))
  return {
    name,
    host,
    rsyncPort: rsync.port,
    module,
    hostKey: (await loadOrMakeKey(files.hostKey, name)).publicKey,
    triggerKey: (await loadOrMakeKey(files.triggerKey, name)).publicKey,
  }
}

async function tufRoot(networkKeys: string): Promise<string> {
  const file = join(networkKeys, 'root.json')
  return await readFile(file, 'utf8').catch((cause: unknown) => {
    throw ended(
      EXIT.refused,
      `"${file}" is not there: the master makes it when it first runs`,
      cause,
    )
  })
}
