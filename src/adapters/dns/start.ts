import { type DnsServer, DnsServerError } from '#ports/dns-server.ts'
import { startBatchedServer } from './batched-server.ts'
import { type ListenOptions, startDgramServer } from './dgram-server.ts'
import type { ResponderSetup } from './setup.ts'

/** The fastest server that this machine has: batched where it loads, else one by one. Throws `DnsServerError`. */
export async function startDnsServer(
  listen: ListenOptions,
  setup: ResponderSetup,
  onBroken?: (reason: string) => void,
): Promise<DnsServer> {
  try {
    return await startBatchedServer(listen, setup, onBroken)
  } catch (error) {
    const loads = !(error instanceof DnsServerError) || error.code !== 'not-loadable'
    if (loads) throw error
    return await startDgramServer(listen, setup)
  }
}
