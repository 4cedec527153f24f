import { connect } from 'node:net'
import ssh2 from 'ssh2'
import type { SshPublicKey } from '#ports/ssh-door.ts'
import { TriggerError, type TriggerErrorCode } from '#ports/trigger.ts'
import { ALGORITHMS } from './door.ts'
import { publicLine } from './keys.ts'
import { hostKeyAlgorithms } from './trigger.ts'

/** As long as a trigger waits for its login. */
const TOTAL_MS = 20_000

/**
 * The host key that a server shows, without logging in: of the pinned key's kind where it has one. Throws `TriggerError`
 * when there is no ssh server.
 */
export async function seeHostKey(
  { host, port, pinned }: { host: string; port: number; pinned: SshPublicKey | undefined },
  signal: AbortSignal,
): Promise<SshPublicKey> {
  signal.throwIfAborted()
  const both = AbortSignal.any([signal, AbortSignal.timeout(TOTAL_MS)])
  const socket = connect({ host, port, noDelay: true })
  const client = new ssh2.Client()
  const { promise, resolve, reject } = Promise.withResolvers<SshPublicKey>()
  const failed = (code: TriggerErrorCode, why: string): void =>
    reject(new TriggerError(code, `see the host key of ${host} port ${port}: ${why}`))
  const onAbort = (): void => failed('timed-out', 'no ssh server answers in time')
  both.addEventListener('abort', onAbort, { once: true })
  let isConnected = false
  socket.once('connect', () => {
    isConnected = true
  })
  client.on('error', (error: Error) =>
    isConnected
      ? failed('broken', `what answers is no ssh server that we could talk to (${error.message})`)
      : failed('unreachable', reasonOf(error)),
  )
  client.on('close', () => failed('broken', 'it hangs up'))
  try {
    client.connect({
      sock: socket,
      username: 'cvdnet',
      readyTimeout: 0,
      algorithms: { ...ALGORITHMS, serverHostKey: hostKeyAlgorithms(pinned ?? 'ssh-ed25519 ') },
      hostVerifier: (key: Buffer) => {
        const parsed = ssh2.utils.parseKey(key)
        if (parsed instanceof Error || Array.isArray(parsed)) failed('broken', 'its key is unknown')
        else resolve(publicLine(parsed))
        return false
      },
    })
    return await promise
  } finally {
    both.removeEventListener('abort', onAbort)
    client.on('error', () => {})
    client.end()
    socket.destroy()
    signal.throwIfAborted()
  }
}

function reasonOf(error: Error): string {
  const code = 'code' in error ? String(error.code) : ''
  return code === 'ECONNREFUSED' ? 'nothing listens there' : code || error.message
}
