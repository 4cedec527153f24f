import { readFile } from 'node:fs/promises'
import type { GivenApplication } from '#core/mirrors/index.ts'
import type { ApplicationFlags } from './applications.ts'

/** What was typed, under the names of an application's fields. */
export async function givenBy(
  name: string | undefined,
  flags: ApplicationFlags,
): Promise<GivenApplication> {
  const given = {
    name,
    host: flags.host,
    addresses: flags.address.length === 0 ? undefined : flags.address,
    httpPort: flags.httpPort,
    sshPort: flags.sshPort,
    account: flags.account,
    hostKey: flags.hostKey === undefined ? undefined : await keyLine(flags.hostKey),
    aliases: flags.alias.length === 0 ? undefined : flags.alias,
    country: flags.country,
    bandwidthMbit: flags.bandwidth,
    admin: flags.admin,
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

/** A key is told as itself or as the name of a file that holds it. */
export async function keyLine(given: string): Promise<string> {
  if (given.includes(' ')) return given
  return await readFile(given, 'utf8').then(
    (text) => text.trim(),
    () => given,
  )
}
