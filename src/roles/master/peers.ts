import { PEER_USER } from '#core/gate/index.ts'
import type { MasterRecord } from '#core/mirrors/index.ts'
import { type PeerSight, type PeerWord, parsePeerWord } from '#core/peering/index.ts'
import type { Trigger } from '#ports/trigger.ts'

/** A master answers from memory; one that takes longer is not in reach. Guess. */
const ANSWER_MS_MAX = 20_000

export interface PeersWorld {
  readonly trigger: Trigger
  readonly signal: AbortSignal
}

/** A peer as it was found just now. */
export interface FoundPeer extends PeerSight {
  readonly master: MasterRecord
  /** Undefined when it could not be reached. */
  readonly word: PeerWord | undefined
}

/**
 * Calls every other master, host to host (R104): by ssh, with this master's key, pinned. What comes back is a claim; what is
 * fetched on its strength is verified like anything else.
 */
export async function callPeers(
  peers: readonly MasterRecord[],
  world: PeersWorld,
): Promise<readonly FoundPeer[]> {
  return await Promise.all(peers.map((peer) => callPeer(peer, world)))
}

async function callPeer(master: MasterRecord, world: PeersWorld): Promise<FoundPeer> {
  const { name, isOut, host, sshPort, hostKey } = master
  const sight = { name, isOut, master }
  try {
    const { status, lines } = await world.trigger.pull(
      { name, host, sshPort, user: PEER_USER, hostKey },
      {
        onAdmitted: async () => {},
        onLine: () => {},
        signal: AbortSignal.any([world.signal, AbortSignal.timeout(ANSWER_MS_MAX)]),
      },
    )
    const word = parsePeerWord(lines[0] ?? '')
    if (status === 0 && word.ok && word.value.name === name) {
      return { ...sight, serial: word.value.serial, word: word.value, reason: undefined }
    }
    const said = lines[0] === undefined ? 'nothing' : `"${lines[0].slice(0, SAID_SHOWN_MAX)}"`
    return { ...sight, serial: undefined, word: undefined, reason: `it answered ${said}` }
  } catch (error) {
    world.signal.throwIfAborted()
    const reason = error instanceof Error ? error.message : String(error)
    return { ...sight, serial: undefined, word: undefined, reason }
  }
}

const SAID_SHOWN_MAX = 80
