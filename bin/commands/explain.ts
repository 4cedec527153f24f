import { readFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import type { EpochSeconds } from '#base/time.ts'
import { because, CommandEnd, complain, EXIT, ended, say, sayJson } from '../io.ts'

interface ExplainFlags {
  readonly client: string
  readonly name?: string
  readonly config: string
  readonly snapshot?: string
  readonly json?: boolean
}

export function addExplainCommand(cvdnet: Command): void {
  cvdnet
    .command('explain')
    .description('what a name server of the zone answers a client, and why not otherwise')
    .requiredOption('--client <ip>', 'the address that asks')
    .option('--name <name>', 'the name that is asked (default: database.ZONE)')
    .option('--config <file>', 'settings of the name server that runs here', 'cvdnet.toml')
    .addOption(
      new Option('--snapshot <file>', 'this snapshot instead, with the data of places of Debian'),
    )
    .option('--json', 'one JSON document')
    .action(async (flags: ExplainFlags) => {
      const { describeExplanation, explain, parseSnapshot } = await import('#core/zone/index.ts')
      const { toSeconds } = await import('#base/time.ts')
      const { systemClock } = await import('#adapters/system/index.ts')
      const { file, keyFolder, ...places } = await whatToRead(flags)
      const text = await readFile(file, 'utf8').catch((cause: unknown) => {
        throw ended(EXIT.world, `Cannot read "${file}"`, cause)
      })
      const snapshot = parseSnapshot(text)
      if (!snapshot.ok) {
        throw new CommandEnd(EXIT.refused, `"${file}" is no snapshot: ${snapshot.fault.reason}`)
      }
      const client = await locate(flags.client, places)
      const name = flags.name ?? `database.${snapshot.value.zone}`
      const now = toSeconds(systemClock.now())
      const keys = await signingKeysIn(keyFolder, snapshot.value.zone, now)
      const explanation = explain(snapshot.value, client, name, now, keys)
      if (explanation === undefined) {
        throw new CommandEnd(EXIT.usage, `"${name}" is no domain name`)
      }
      if (flags.json === true) sayJson(explanation)
      else for (const line of describeExplanation(explanation)) say(line)
    })
}

type Places = Pick<import('#formats/cvdnet-toml/index.ts').DnsSettings, 'places' | 'overrides'>

const DEBIAN: Places = {
  places: { kind: 'tor', ipv4: '/usr/share/tor/geoip', ipv6: '/usr/share/tor/geoip6' },
  overrides: [],
}

interface Sources extends Places {
  readonly file: string
  /** Absent: the zone is not signed, or nobody knows. */
  readonly keyFolder?: string | undefined
}

async function whatToRead(flags: ExplainFlags): Promise<Sources> {
  if (flags.snapshot !== undefined) return { ...DEBIAN, file: flags.snapshot }
  const { readSettings } = await import('./run/settings.ts')
  const { lastSnapshotIn } = await import('./run/dns.ts')
  const { dns, state } = await readSettings(flags.config)
  if (dns === undefined) {
    throw new CommandEnd(EXIT.usage, `"${flags.config}" has no [dns]; --snapshot names a file`)
  }
  const { places, overrides } = dns
  return { places, overrides, file: lastSnapshotIn(state), keyFolder: dns.dnssec?.keys }
}

/** Key files are for their owner alone; who may not read them is told the rest. */
async function signingKeysIn(folder: string | undefined, zone: string, now: EpochSeconds) {
  if (folder === undefined) return undefined
  const { readSigningKeys, ZoneKeyError } = await import('#adapters/zone-keys/index.ts')
  return await readSigningKeys(folder, zone, now).catch((error: unknown) => {
    if (!(error instanceof ZoneKeyError)) throw error
    complain(`cvdnet: ${error.message}${because(error.cause)}; what signs is not told`)
    return undefined
  })
}

/** Without data the client is "other", as the server would have it; that is said. */
async function locate(address: string, { places, overrides }: Places) {
  const { loadPlaces, GeoError } = await import('#adapters/geoip/index.ts')
  const { EMPTY_TABLE, overrideTable } = await import('#core/places/index.ts')
  const { whereIs } = await import('#roles/dns/index.ts')
  const data = await loadPlaces(places, new AbortController().signal).catch((error: unknown) => {
    if (!(error instanceof GeoError)) throw error
    complain(`cvdnet: ${error.message}; every client counts as "other"`)
    return undefined
  })
  const client = whereIs(address, overrideTable(overrides), data?.table ?? EMPTY_TABLE)
  if (client === undefined) throw new CommandEnd(EXIT.usage, `"${address}" is no address`)
  return client
}
