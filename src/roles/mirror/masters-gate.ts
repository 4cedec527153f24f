/** The ssh door by which masters call: whose key opens it, and to what. */
import { startSshDoor } from '#adapters/ssh/index.ts'
import type {
  SshAdmission,
  SshCall,
  SshDoor,
  SshDoorPolicy,
  SshPublicKey,
} from '#ports/ssh-door.ts'
import type { ChangeReport } from './changes.ts'
import { SYNC_STATUS } from './runner.ts'
import type { Syncs } from './syncs.ts'

/** Account of the 2004 description that the masters call (R47). */
export const SYNC_USER = 'clamavdb'

export interface GateOptions {
  readonly ssh: { readonly host: string; readonly port: number }
  readonly hostKeyFile: string
  /** `name` is one in MASTERS of the conf, or a host. */
  readonly masters: readonly { readonly name: string; readonly key: SshPublicKey }[]
}

export class MastersGate implements AsyncDisposable {
  readonly #syncs: Syncs
  readonly #admission: Admission
  #place: GateOptions['ssh'] | undefined
  /** Undefined while no master may call. */
  #door: SshDoor | undefined
  /** Doors of other addresses, until what was asked for by them is done. */
  readonly #leaving = new Set<Promise<void>>()

  private constructor(
    syncs: Syncs,
    place: GateOptions['ssh'] | undefined,
    by: Admission,
    door: SshDoor | undefined,
  ) {
    this.#syncs = syncs
    this.#place = place
    this.#admission = by
    this.#door = door
  }

  static async open(options: GateOptions, syncs: Syncs): Promise<MastersGate> {
    const admission = new Admission(options.masters, syncs)
    const door = await openDoor(options, admission)
    return new MastersGate(syncs, placeOf(options), admission, door)
  }

  get place(): Pick<SshDoor, 'host' | 'port' | 'hostKey'> | undefined {
    if (this.#door === undefined) return undefined
    const { host, port, hostKey } = this.#door
    return { host, port, hostKey }
  }

  async follow(options: GateOptions, report: ChangeReport): Promise<void> {
    await report.follow('masters', this.#admission.masters, options.masters, () => {
      this.#admission.masters = options.masters
    })
    await report.follow('ssh address', this.#place, placeOf(options), async () => {
      const old = this.#door
      this.#door = await openDoor(options, this.#admission)
      this.#place = placeOf(options)
      const left = this.#syncs
        .atRest()
        .then(() => old?.[Symbol.asyncDispose]())
        .finally(() => this.#leaving.delete(left))
      this.#leaving.add(left)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#door?.[Symbol.asyncDispose]()
    await Promise.all(this.#leaving)
  }
}

/** A door that opens to nobody would only be one more port to look after. */
function placeOf({ ssh, masters }: GateOptions): GateOptions['ssh'] | undefined {
  return masters.length === 0 ? undefined : ssh
}

async function openDoor(options: GateOptions, policy: Admission): Promise<SshDoor | undefined> {
  const place = placeOf(options)
  return place && (await startSshDoor({ ...place, hostKeyFile: options.hostKeyFile, policy }))
}

/** A master's key opens one door: the sync from exactly that master, whatever was typed (R50, R94). */
class Admission implements SshDoorPolicy {
  masters: GateOptions['masters']
  readonly #syncs: Syncs

  constructor(masters: GateOptions['masters'], syncs: Syncs) {
    this.masters = masters
    this.#syncs = syncs
  }

  admit(user: string, key: SshPublicKey): SshAdmission | undefined {
    const master = this.masters.find((each) => each.key === key)
    if (user !== SYNC_USER || master === undefined) return undefined
    const run = async (call: SshCall): Promise<number> => {
      const voice = {
        print: (line: string) => call.print(line),
        complain: (line: string) => call.complain(line),
      }
      return SYNC_STATUS[(await this.#syncs.run(master.name, voice)).kind]
    }
    return { kind: 'command', run }
  }
}
