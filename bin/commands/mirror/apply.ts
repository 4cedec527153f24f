import { join, resolve } from 'node:path'
import { writeFileAtomic } from '#adapters/disk/index.ts'
import { loadOrMakeKey } from '#adapters/ssh/index.ts'
import { ok } from '#base/outcome.ts'
import { describeApplicationFault, parseApplication } from '#core/mirrors/index.ts'
import { say } from '../../io.ts'
import { givenBy } from './application-flags.ts'
import type { ApplicationFlags, ApplyFlags } from './applications.ts'
import { granted } from './office.ts'

/** Where `mirror join --here` and our own server look for it. */
const HOST_KEY = 'var/cvdnet/mirror/ssh_host_ed25519_key'
/** What a network asks for is its own to say; here only what can be no mirror at all is refused. */
const ANY_NETWORK = { bandwidthMbitMin: 1, allowsPrivate: true }

export async function apply(name: string, flags: ApplicationFlags & ApplyFlags): Promise<void> {
  const given = await givenBy(name, flags)
  const read = parseApplication(given, ANY_NETWORK)
  granted(read.ok ? ok(read.value) : { ok: false, fault: read.fault.map(describeApplicationFault) })
  const application =
    flags.here === undefined
      ? given
      : { ...given, hostKey: await hostKeyIn(resolve(flags.here), name) }
  const text = `${JSON.stringify(application, undefined, 2)}\n`
  if (flags.output === undefined) {
    process.stdout.write(text)
    return
  }
  await writeFileAtomic(flags.output, text)
  say(`${flags.output}: send it to the team of the network`)
}

async function hostKeyIn(folder: string, name: string): Promise<string> {
  return (await loadOrMakeKey(join(folder, HOST_KEY), name)).publicKey
}
