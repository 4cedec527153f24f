import { join } from 'node:path'
import { systemClock } from '#adapters/system/index.ts'
import { parseIpAddress } from '#base/ip-address.ts'
import { dbVersion } from '#base/names.ts'
import type { AnswerPolicy, EngineFacts, Host, ZoneFacts } from '#core/zone/index.ts'
import type { DnsSettings, HostSettings, Settings } from '#formats/cvdnet-toml/index.ts'
import { dnsName } from '#formats/dns-message/index.ts'
import type { Store } from '#ports/store.ts'
import type { ZoneSource } from '#ports/zone-source.ts'
import {
  type DnsNode,
  type DnsOptions,
  SnapshotFile,
  StoreFeed,
  startDns,
} from '#roles/dns/index.ts'
import { CommandEnd, EXIT, say } from '../../io.ts'
import { mustRead } from './secrets.ts'

/** RFC 8945, 10: half of what the hash gives. */
const TSIG_SECRET_BYTES_MIN = 16

/** Where a node keeps what it answered last. */
export function lastSnapshotIn(state: string): string {
  return join(state, 'dns', 'last-snapshot.json')
}

/** What a name server answers from: a file that is delivered, or the store. What it opens goes into `owned`. */
export async function zoneSource(
  dns: DnsSettings,
  settings: Pick<Settings, 'zone' | 'updateRecord'>,
  openStore: () => Promise<Store>,
  owned: AsyncDisposableStack,
): Promise<ZoneSource> {
  if (dns.snapshot !== undefined)
    return await SnapshotFile.open(dns.snapshot, settings.zone, onEvent)
  const store = owned.use(await openStore())
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

export async function runDns(
  dns: DnsSettings,
  { zone, state }: Pick<Settings, 'zone' | 'state'>,
  source: ZoneSource,
  signal: AbortSignal,
): Promise<DnsNode> {
  const node = await startDns({
    ...dns,
    zone,
    source,
    lastSnapshot: lastSnapshotIn(state),
    cookieSecret: await readCookieSecret(dns.cookieSecretFile),
    secondaries: await Promise.all(dns.secondaries.map(readSecondary)),
    policy: (policy) => overridden(policy, dns.answers),
    clock: systemClock,
    signal,
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
