import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, resolve } from 'node:path'
import { isPlainName } from '#base/names.ts'
import { withoutLogin } from '#core/update/index.ts'
import { isBaseAddress, isProxyAddress } from '#formats/clientsync-conf/index.ts'
import { parsePublisherKeys } from '#formats/dsig/index.ts'
import { TransferError } from '#ports/transfer.ts'
import { type Following, followMirrors, InstallError } from '#roles/mirror/index.ts'
import { CommandEnd, complain, EXIT, ended, say, sayJson } from '../../io.ts'
import { untilInterrupted } from '../cvd/common.ts'
import { megabytes } from '../megabytes.ts'
import type { FollowFlags } from './follower.ts'
import { granted } from './office.ts'

const FINGERPRINT = /^[0-9a-f]{64}$/

export async function follow(addresses: readonly string[], flags: FollowFlags): Promise<void> {
  const upstream = addresses.map(baseAddress)
  if (upstream.length > 0 === (flags.bundle !== undefined)) {
    throw new CommandEnd(EXIT.usage, 'give addresses of mirrors, or --bundle FILE')
  }
  const fingerprint = flags.fingerprint?.replaceAll(/[\s:]/g, '').toLowerCase()
  if (fingerprint !== undefined && !FINGERPRINT.test(fingerprint)) {
    throw new CommandEnd(EXIT.usage, '--fingerprint has sixty-four hexadecimal digits')
  }
  const { getuid, getgid } = process
  const outcome = await followMirrors({
    upstream,
    proxy: flags.proxy === undefined ? undefined : proxyAddress(flags.proxy),
    bundle: flags.bundle === undefined ? undefined : resolve(flags.bundle),
    zone: flags.zone ?? zoneOf(upstream[0]),
    name: nameOf(flags),
    home: resolve(flags.here),
    httpPort: portOf(flags.port),
    root: flags.root === undefined ? undefined : await textOf(flags.root, '--root'),
    fingerprint,
    publisherKeys: await keysOf(flags.keys ?? []),
    user: { uid: getuid?.() ?? 0, gid: getgid?.() ?? 0 },
    onChange: (line) => flags.json !== true && say(`  ${line}`),
    onTrouble: complain,
    signal: untilInterrupted(),
  }).catch((error: unknown) => {
    if (error instanceof InstallError) throw ended(EXIT.refused, error.message, error)
    throw error instanceof TransferError ? ended(EXIT.world, error.message, error) : error
  })
  const following = granted(outcome)
  if (flags.json === true) {
    sayJson(following)
    return
  }
  tell(following, upstream, flags)
}

function tell(
  { serial, files, bytes, conf, settings, fingerprint, isCompared }: Following,
  upstream: readonly string[],
  { bundle }: FollowFlags,
): void {
  const whom =
    bundle === undefined ? `to follow ${upstream.map(withoutLogin).join(', ')}` : 'for bundles'
  say(`set up ${whom}; release ${serial}: ${files} files, ${megabytes(bytes)}`)
  say(`fingerprint of the network's root: ${fingerprint}${isCompared ? '' : ' (NOT COMPARED)'}`)
  if (!isCompared) say('Compare this with what the network’s team tells by another way.')
  say(`Pull now:        cvdnet clientsync ${bundle ?? 'upstream'} --conf ${conf}`)
  say(
    `${bundle === undefined ? 'Pull and serve:' : 'Serve:         '}  cvdnet run --config ${settings}`,
  )
}

function baseAddress(text: string): string {
  const address = text.includes('://') ? text : `https://${text}`
  if (isBaseAddress(address)) return address.replace(/\/+$/, '')
  throw new CommandEnd(
    EXIT.usage,
    `"${text}" is no address of a mirror, as in https://database.clamav.example`,
  )
}

function proxyAddress(text: string): string {
  if (isProxyAddress(text)) return text
  throw new CommandEnd(EXIT.usage, '--proxy is an address as in http://proxy.example:3128')
}

/** `database.ZONE` is the name of a network's mirrors (R24). */
function zoneOf(address: string | undefined): string {
  const host = address === undefined ? '' : new URL(address).hostname
  const zone = /^database\.(.+\..+)$/.exec(host)?.[1]
  if (zone !== undefined) return zone
  throw new CommandEnd(EXIT.usage, `no address is database.ZONE, so give the network's --zone`)
}

function nameOf({ name }: FollowFlags): string {
  const given = name ?? hostname().split('.')[0] ?? ''
  if (isPlainName(given)) return given
  throw new CommandEnd(EXIT.usage, `"${given}" is no name for a mirror; give --name`)
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65_535) return port
  throw new CommandEnd(EXIT.usage, '--port is a number from 1 to 65535')
}

async function keysOf(files: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const keys = new Map<string, string>()
  for (const file of files) {
    const text = await textOf(file, '--keys')
    if (!parsePublisherKeys(text).ok) {
      throw new CommandEnd(EXIT.usage, `"${file}" has no keys of a publisher`)
    }
    keys.set(basename(file), text)
  }
  return keys
}

async function textOf(file: string, option: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: unknown) => {
    throw ended(EXIT.usage, `Cannot read "${file}" of ${option}`, error)
  })
}
