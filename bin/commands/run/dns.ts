import { join } from 'node:path'
import type { StorePlace } from '#adapters/store/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { parseIpAddress } from '#base/ip-address.ts'
import { dbVersion } from '#base/names.ts'
import type { AnswerPolicy, EngineFacts, Host, ZoneFacts } from '#core/zone/index.ts'
import type { DnsSettings, HostSettings, Settings } from '#formats/cvdnet-toml/index.ts'
import { dnsName } from '#formats/dns-message/index.ts'
import type { ZoneSource } from '#ports/zone-source.ts'
import {
  type DnsNode,
  type DnsOptions,
  SnapshotFile,
  StoreFeed,
  startDns,
} from '#roles/dns/index.ts'
import { CommandEnd, EXIT, say } from '../../io.ts'
import type { DnsNumbers } from './dns-numbers.ts'
import type { Prepared, RunningRole } from './role.ts'
import { mustRead } from './secrets.ts'
import { openStoreOf, storePlace } from './store.ts'

/** RFC 8945, 10: half of what the hash gives. */
const TSIG_SECRET_BYTES_MIN = 16

/** Where a node keeps what it answered last. */
export function lastSnapshotIn(state: string): string {
  return join(state, 'dns', 'last-snapshot.json')
}

const STOPPING = new Error('The name server is stopping')

type Secrets = Pick<DnsOptions, 'cookieSecret' | 'secondaries'>

export async function prepareDns(settings: Settings, numbers: DnsNumbers): Promise<Prepared> {
  const { dns } = settings
  if (dns === undefined) throw new Error('there is no [dns]')
  const secrets = {
    cookieSecret: await readCookieSecret(dns.cookieSecretFile),
    secondaries: await Promise.all(dns.secondaries.map(readSecondary)),
  }
  const place = dns.snapshot ?? (await storePlace(settings.store))
  return {
    madeOf: [secrets, place],
    begin: async () => {
      await using starting = new AsyncDisposableStack()
      const source = await zoneSource(dns, settings, place, starting)
      return await beginDns(numbers, starting, (waits) =>
        runDns(dns, settings, { ...secrets, source, ...waits }),
      )
    },
  }
}

/** A node that waits for its zone counts as begun, so that it keeps nobody from following other settings. */
async function beginDns(
  numbers: DnsNumbers,
  starting: AsyncDisposableStack,
  start: (waits: { readonly signal: AbortSignal; onWaiting(): void }) => Promise<DnsNode>,
): Promise<RunningRole> {
  const stop = new AbortController()
  const waiting = Promise.withResolvers<void>()
  const failed = Promise.withResolvers<unknown>()
  const node = start({ signal: stop.signal, onWaiting: waiting.resolve })
  const answering = node.then((it) => numbers.begin(it))
  answering.catch((error: unknown) => stop.signal.aborted || failed.resolve(error))
  starting.defer(async () => {
    stop.abort(STOPPING)
    const begun = await node.catch(() => undefined)
    numbers.end()
    await begun?.[Symbol.asyncDispose]()
  })
  await Promise.race([answering, waiting.promise])
  const owned = starting.move()
  return { failed: failed.promise, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** What a name server answers from: a file that is delivered, or the store. What it opens goes into `owned`. */
async function zoneSource(
  dns: DnsSettings,
  settings: Pick<Settings, 'zone' | 'updateRecord' | 'state'>,
  place: string | StorePlace,
  owned: AsyncDisposableStack,
): Promise<ZoneSource> {
  if (typeof place === 'string') return await SnapshotFile.open(place, settings.zone, onEvent)
  const store = owned.use(await openStoreOf(settings, place))
  const facts = factsOf(dns, settings)
  return owned.use(new StoreFeed({ store, facts, clock: systemClock, onEvent }))
}

function onEvent(line: string): void {
  say(`dns: ${line}`)
}

function factsOf(
  { nameServers, masters }: DnsSettings,
  { zone, updateRecord }: Pick<Settings, 'zone' | 'updateRecord'>,
): ZoneFacts {
  return {
    zone,
    nameServers: nameServers.map(hostOf),
    masters: masters.map(hostOf),
    engine: engineFacts(updateRecord),
  }
}

export function engineFacts({ safebrowsing, ...rest }: Settings['updateRecord']): EngineFacts {
  return {
    ...rest,
    safebrowsing: safebrowsing === undefined ? undefined : dbVersion(safebrowsing),
  }
}

function hostOf({ name, addresses }: HostSettings): Host {
  return { name, addresses: addresses.flatMap((one) => parseIpAddress(one) ?? []) }
}

async function runDns(
  dns: DnsSettings,
  { zone, state }: Pick<Settings, 'zone' | 'state'>,
  given: Secrets & Required<Pick<DnsOptions, 'source' | 'signal' | 'onWaiting'>>,
): Promise<DnsNode> {
  const node = await startDns({
    ...dns,
    ...given,
    zone,
    lastSnapshot: lastSnapshotIn(state),
    policy: (policy) => overridden(policy, dns.answers),
    clock: systemClock,
    onEvent,
  })
  for (const { host, port, sockets } of node.listeners) {
    say(`dns: ${node.snapshot().zone} on ${host} port ${port}, UDP (${sockets}) and TCP`)
  }
  return node
}

function overridden(policy: AnswerPolicy, answers: DnsSettings['answers']): AnswerPolicy {
  const { mirrorTtl, wobblingTtl, recordTtl } = answers
  return {
    ...policy,
    addressesMax: answers.addressesMax ?? policy.addressesMax,
    nearMirrorsMin: answers.nearMirrorsMin ?? policy.nearMirrorsMin,
    overrideClamavNet: answers.overrideClamavNet ?? policy.overrideClamavNet,
    ttl: {
      ...policy.ttl,
      mirrors: mirrorTtl ?? policy.ttl.mirrors,
      wobbling: wobblingTtl ?? policy.ttl.wobbling,
      records: recordTtl ?? policy.ttl.records,
    },
  }
}

async function readCookieSecret(file: string | undefined): Promise<Uint8Array | undefined> {
  if (file === undefined) return undefined
  const text = await mustRead(file)
  if (/^[0-9a-f]{32}$/i.test(text.trim())) return Uint8Array.from(Buffer.from(text.trim(), 'hex'))
  throw new CommandEnd(EXIT.usage, `"${file}" does not hold 32 hexadecimal digits`)
}

async function readSecondary(
  secondary: DnsSettings['secondaries'][number],
): Promise<DnsOptions['secondaries'][number]> {
  const { host, port, algorithm, keyFile } = secondary
  const text = (await mustRead(keyFile)).trim()
  const secret = Uint8Array.from(Buffer.from(text, 'base64'))
  if (
    Buffer.from(secret).toString('base64') !== text ||
    secret.byteLength < TSIG_SECRET_BYTES_MIN
  ) {
    throw new CommandEnd(
      EXIT.usage,
      `"${keyFile}" does not hold ${TSIG_SECRET_BYTES_MIN} bytes or more in base64`,
    )
  }
  return { host, port, key: { name: dnsName(secondary.key), algorithm, secret } }
}
