import { join as joinPath, resolve } from 'node:path'
import { grouped } from '#core/kit/index.ts'
import { InstallError, joinMirror } from '#roles/mirror/index.ts'
import { CommandEnd, EXIT, ended, say, sayJson } from '../../io.ts'
import { untilInterrupted } from '../cvd/common.ts'
import type { JoinFlags } from './kits.ts'
import { granted } from './office.ts'

const ROOT_OF_PROGRAM = resolve(import.meta.dirname, '..', '..', '..')

export async function join(kit: string, flags: JoinFlags): Promise<void> {
  const fingerprint = flags.fingerprint?.replaceAll(/[\s:]/g, '').toUpperCase()
  if (fingerprint !== undefined && !/^[0-9A-F]{40}$/.test(fingerprint)) {
    throw new CommandEnd(EXIT.usage, '--fingerprint has forty hexadecimal digits')
  }
  const { getuid, getgid } = process
  const outcome = await joinMirror({
    kit: resolve(kit),
    fingerprint,
    place:
      flags.here === undefined
        ? { kind: 'account' }
        : { kind: 'here', folder: resolve(flags.here) },
    user: { uid: getuid?.() ?? 0, gid: getgid?.() ?? 0 },
    program: [process.execPath, joinPath(ROOT_OF_PROGRAM, 'bin', 'cvdnet.ts')],
    onChange: (line) => flags.json !== true && say(`  ${line}`),
    signal: untilInterrupted(),
  }).catch((error: unknown) => {
    throw error instanceof InstallError ? ended(EXIT.refused, error.message, error) : error
  })
  const joined = granted(outcome)
  if (flags.json === true) {
    sayJson(joined)
    return
  }
  say(`${joined.mirror} of ${joined.zone} is set up in ${joined.home}`)
  say(`signed by ${grouped(joined.fingerprint)}${joined.isCompared ? '' : ' (NOT COMPARED)'}`)
  if (!joined.isCompared) say('Compare this with what the team told you by another way.')
  say(`Our own server:  cvdnet run --config ${joined.settings}`)
  if (joined.account !== undefined) {
    say(
      `As a service:    cvdnet run --config ${joined.settings} --unit --user ${joined.account} > /etc/systemd/system/cvdnet.service`,
    )
  }
  say(
    `Another one:     ${kit}/nginx.conf, apache.conf or lighttpd.conf, documents in ${joined.documentRoot}`,
  )
}
