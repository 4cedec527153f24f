import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '#adapters/system/index.ts'
import type { AnswerPolicy } from '#core/zone/index.ts'
import type { DnsSettings } from '#formats/cvdnet-toml/index.ts'
import { type DnsNode, SnapshotFile, startDns } from '#roles/dns/index.ts'
import { CommandEnd, EXIT, ended, say } from '../../io.ts'

/** Where a node keeps what it answered last. */
export function lastSnapshotIn(state: string): string {
  return join(state, 'dns', 'last-snapshot.json')
}

export async function runDns(
  dns: DnsSettings,
  state: string,
  signal: AbortSignal,
): Promise<DnsNode> {
  const onEvent = (line: string) => say(`dns: ${line}`)
  const node = await startDns({
    ...dns,
    source: await SnapshotFile.open(dns.snapshot, onEvent),
    lastSnapshot: lastSnapshotIn(state),
    cookieSecret: await readCookieSecret(dns.cookieSecretFile),
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
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw ended(EXIT.world, `Cannot read "${file}"`, cause)
  })
  if (/^[0-9a-f]{32}$/i.test(text.trim())) return Uint8Array.from(Buffer.from(text.trim(), 'hex'))
  throw new CommandEnd(EXIT.usage, `"${file}" does not hold 32 hexadecimal digits`)
}
