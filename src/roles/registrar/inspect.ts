/**
 * The full check of a mirror: ssh, then a sync with its login, then each address as clients see it. Whatever is wrong is a
 * finding; only the signal ends it early.
 */
import { lookAtLocalFiles, lookAtWeb, type WebMirror } from '#adapters/inspection/index.ts'
import { fingerprint, seeHostKey } from '#adapters/ssh/index.ts'
import {
  type ByName,
  type Finding,
  judgeLocalFiles,
  no,
  notTried,
  type Point,
  yes,
} from '#core/inspection/index.ts'
import { servedNames } from '#core/kit/index.ts'
import { type MirrorRecord, serviceOf } from '#core/mirrors/index.ts'
import type { Head } from '#ports/store.ts'
import { type Trigger, TriggerError } from '#ports/trigger.ts'

export interface InspectWorld {
  readonly zone: string
  /** R32. */
  readonly mbitMin: number
  /** What is published; undefined when nothing is yet. */
  readonly head: Head | undefined
  /** Undefined where this machine has no key that mirrors obey. */
  readonly trigger: Trigger | undefined
  /** A full sync of everything fits. */
  readonly syncMs: number
  /** The mirror's own lines while it syncs. */
  readonly onLine: (line: string) => void
}

export interface Inspection {
  readonly points: readonly Point[]
  /** What the ssh server showed; undefined when it could not be seen. */
  readonly hostKey: string | undefined
}

export async function inspectMirror(
  mirror: MirrorRecord,
  world: InspectWorld,
  signal: AbortSignal,
): Promise<Inspection> {
  const points: Point[] = []
  const { key, port, pin } = await lookAtSsh(mirror, signal)
  const ssh = `${mirror.host} port ${mirror.sshPort}`
  points.push(
    { name: 'ssh port', at: ssh, finding: port },
    { name: 'host key', at: ssh, finding: pin },
  )
  const webs = mirror.addresses.map((address) => webOf(mirror, address, world))
  const before = await localFiles(webs, signal)
  const sync = await lookAtSync(mirror, pin, world, signal)
  points.push({ name: 'sync', at: ssh, finding: sync })
  for (const [index, web] of webs.entries()) {
    const at = `${web.address} port ${web.port}`
    for (const [name, finding] of await lookAtWeb(web, signal)) points.push({ name, at, finding })
    const after = await lookAtLocalFiles(web, signal)
    const finding = judgeLocalFiles(before[index] ?? [], after, sync.kind === 'yes')
    points.push({ name: 'local files', at, finding })
  }
  return { points, hostKey: key }
}

async function localFiles(
  webs: readonly WebMirror[],
  signal: AbortSignal,
): Promise<readonly ByName[]> {
  const all: ByName[] = []
  for (const web of webs) all.push(await lookAtLocalFiles(web, signal))
  return all
}

/** `db.test.ZONE` stands for `db.*.ZONE`; no region and no country is called so. */
function webOf(
  mirror: MirrorRecord,
  address: string,
  { zone, head, mbitMin }: InspectWorld,
): WebMirror {
  const files = [...(head?.release.files.values() ?? [])].filter(({ kind }) => kind === 'database')
  const largest = files.toSorted((a, b) => b.bytes - a.bytes)[0]
  return {
    address,
    port: mirror.httpPort,
    names: servedNames({ ...mirror, zone }).map((name) => name.replace('*', 'test')),
    largest: largest?.path,
    wanted: head && { serial: head.release.serial, generation: head.generation },
    mbitMin,
  }
}

interface SshLook {
  readonly key: string | undefined
  readonly port: Finding
  readonly pin: Finding
}

async function lookAtSsh(mirror: MirrorRecord, signal: AbortSignal): Promise<SshLook> {
  const { host, sshPort: port, hostKey: pinned } = mirror
  try {
    const key = await seeHostKey({ host, port, pinned }, signal)
    return { key, port: yes('an ssh server answers'), pin: judgeKey(mirror.name, key, pinned) }
  } catch (error) {
    if (!(error instanceof TriggerError)) throw error
    const reason = error.message.slice(error.message.lastIndexOf(': ') + 2)
    return {
      key: undefined,
      port: no(reason, 'start the ssh server there and let the masters in'),
      pin: notTried('no ssh server could be seen'),
    }
  }
}

/** R85. */
function judgeKey(name: string, key: string, pinned: string | undefined): Finding {
  const shown = fingerprint(key)
  const pin = `cvdnet mirror new-host-key ${name} --fingerprint ${shown}`
  if (pinned === undefined) {
    return notTried(`it is ${shown} and not pinned yet; when its operator confirms that: ${pin}`)
  }
  return key === pinned
    ? yes(`${shown}, as pinned`)
    : no(
        `it shows ${shown} where ${fingerprint(pinned)} is pinned`,
        `ask its operator by another way before you pin the new one: ${pin}`,
      )
}

async function lookAtSync(
  mirror: MirrorRecord,
  pin: Finding,
  { trigger, syncMs, onLine, head }: InspectWorld,
  signal: AbortSignal,
): Promise<Finding> {
  const { name, host, sshPort, account: user, hostKey, stage, rsyncLogin } = mirror
  if (!serviceOf({ stage }).login || rsyncLogin === undefined)
    return notTried('it has no login yet')
  if (hostKey === undefined || pin.kind !== 'yes')
    return notTried('its host key is not the pinned one')
  if (trigger === undefined) return notTried('this machine has no key that mirrors obey')
  if (head === undefined) return notTried('the network has not released anything yet')
  const lines: string[] = []
  try {
    const end = await trigger.pull(
      { name, host, sshPort, user, hostKey },
      {
        onAdmitted: async () => {},
        onLine: (line) => {
          lines.push(line)
          onLine(line)
        },
        signal: AbortSignal.any([signal, AbortSignal.timeout(syncMs)]),
      },
    )
    if (end.status === 0) return yes(lines.at(-1) ?? 'it says that it is done')
    const last = lines.at(-1) ?? 'it says nothing'
    return no(`it ends with status ${end.status ?? 'unknown'}: ${last}`, 'see the lines above')
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof TriggerError)) throw error
    const advice =
      error.code === 'login-refused'
        ? "put the kit's authorized_keys in place"
        : 'see that the ssh server lets the masters in'
    return no(error.message, advice)
  }
}
