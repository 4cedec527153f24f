import { Resolver } from 'node:dns/promises'

export interface TextQuestion {
  /** `address:port` each; those of the system unless told. */
  readonly servers?: readonly string[]
  readonly signal: AbortSignal
}

/**
 * The first string of the first record, as freshclam reads it (formats.md 5.3); undefined: there is none. A resolver that is
 * silent is asked for the better part of a minute, and an abort does not wait for it.
 */
export async function firstText(
  name: string,
  { servers, signal }: TextQuestion,
): Promise<string | undefined> {
  signal.throwIfAborted()
  const resolver = new Resolver()
  if (servers !== undefined) resolver.setServers(servers)
  const stop = () => resolver.cancel()
  signal.addEventListener('abort', stop)
  try {
    const [record] = await resolver.resolveTxt(name)
    return record?.[0]
  } catch (error) {
    signal.throwIfAborted()
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (code === 'ENOTFOUND' || code === 'ENODATA') return undefined
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
