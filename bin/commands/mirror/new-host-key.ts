import { fingerprint, seeHostKey } from '#adapters/ssh/index.ts'
import { ok } from '#base/outcome.ts'
import { parseSshPublicKeyLine, type SshPublicKeyText } from '#base/ssh-public-key.ts'
import type { MirrorRecord } from '#core/mirrors/index.ts'
import { CommandEnd, EXIT } from '../../io.ts'
import { untilInterrupted } from '../cvd/common.ts'
import { keyLine } from './application-flags.ts'
import { granted, openOffice } from './office.ts'
import type { KeyFlags } from './team.ts'
import { tell } from './told.ts'

/** R85. A key is never pinned because it was seen: somebody says which one it has to be. */
export async function newHostKey(name: string, flags: KeyFlags): Promise<void> {
  if ((flags.key === undefined) === (flags.fingerprint === undefined)) {
    throw new CommandEnd(EXIT.usage, 'exactly one of --key and --fingerprint is needed')
  }
  await using office = await openOffice(flags.config)
  const mirror = granted(await office.registrar.mirror(name))
  const hostKey =
    flags.key === undefined
      ? await keyShown(mirror, flags.fingerprint ?? '')
      : parseSshPublicKeyLine(await keyLine(flags.key))
  if (hostKey === undefined) {
    throw new CommandEnd(EXIT.usage, '--key is an ssh public key, "ssh-ed25519 AAAA…"')
  }
  const shown = fingerprint(hostKey)
  const record = granted(
    await office.registrar.act(name, {
      what: 'host-key-pinned',
      why: [shown, flags.reason],
      event: () => ok({ kind: 'new-host-key', hostKey }),
    }),
  )
  tell(record, flags, `pinned ${shown}`)
}

async function keyShown(
  { host, sshPort: port, hostKey: pinned }: MirrorRecord,
  wanted: string,
): Promise<SshPublicKeyText | undefined> {
  const key = await seeHostKey({ host, port, pinned }, untilInterrupted())
  const shown = fingerprint(key)
  if (shown !== wanted) {
    throw new CommandEnd(EXIT.refused, `it shows ${shown}, not ${wanted}; nothing is pinned`)
  }
  return parseSshPublicKeyLine(key)
}
