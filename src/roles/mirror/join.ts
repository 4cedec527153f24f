/**
 * `cvdnet mirror join KIT`: steps 2 to 5 and 7 of the ten, on the mirror's machine (R47–R65), then a look at the result.
 * Nothing is done before the kit's signature holds; everything may be done again.
 */
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readIfThere } from '#adapters/disk/index.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import {
  AT_HOME,
  clientsyncScript,
  installedConf,
  type MirrorPlace,
  readConf,
  STATISTICS_AT_HOME,
} from '#core/kit/index.ts'
import { parseSettings } from '#formats/cvdnet-toml/index.ts'
import { type Account, cannotStart, findAccount, makeAccount } from './account.ts'
import { Installer, type Owner } from './install.ts'
import { type Kit, readKit } from './read-kit.ts'
import { selfCheck } from './self-check.ts'

/** Where a kit is installed. */
export type JoinPlace =
  /** For the account that it names, which is made where it is missing. Needs root. */
  | { readonly kind: 'account' }
  /** Below one folder, for whoever runs it. */
  | { readonly kind: 'here'; readonly folder: string }

export interface JoinOptions {
  readonly kit: string
  /** What the team told by another way. */
  readonly fingerprint: string | undefined
  readonly place: JoinPlace
  readonly user: Owner
  /** How cvdnet is started on this machine. */
  readonly program: readonly string[]
  /** Everything that is changed. */
  readonly onChange: (line: string) => void
  readonly signal: AbortSignal
}

export interface Joined extends MirrorPlace {
  readonly mirror: string
  readonly zone: string
  readonly fingerprint: string
  /** Of `cvdnet run`. */
  readonly settings: string
  /** Of this machine; undefined where it was installed below a folder, for whoever did. */
  readonly account: string | undefined
  /** Whether the fingerprint was compared with one from elsewhere, now or before. */
  readonly isCompared: boolean
}

/** The key that this mirror's kits were signed with, from the first one on. */
const KNOWN_KEY = 'etc/network-key.fingerprint'
const ROOT_UID = 0

/** Refusals are told all at once. Throws `InstallError`, `DiskError` and `OpenPgpError`. */
export async function joinMirror(
  options: JoinOptions,
): Promise<Outcome<Joined, readonly string[]>> {
  const kit = await readKit(options.kit, options.fingerprint, options.signal)
  if (!kit.ok) return kit
  const target = await targetOf(options, kit.value)
  if (!target.ok) return target
  const { home, owner } = target.value
  const known = (await readIfThere(join(home, KNOWN_KEY)))?.trim()
  const isKnown = known === kit.value.fingerprint
  if (known !== undefined && !isKnown && options.fingerprint === undefined) {
    return fail([
      `earlier kits were signed by ${known}, this one by ${kit.value.fingerprint}; ask the team, then give --fingerprint`,
    ])
  }
  const place = await placeOf(options, kit.value, home)
  if (!place.ok) return place
  await installKit(kit.value, place.value, new Installer(owner, options.onChange), options.program)
  const settings = join(home, AT_HOME.settings)
  const faults = await selfCheck(home, settings)
  const { account } = target.value
  if (account !== undefined && options.user.uid === ROOT_UID) {
    const fault = await cannotStart(account, options.program)
    if (fault !== undefined) faults.push(fault)
  }
  if (faults.length > 0) return fail(faults)
  const { mirror, zone } = kit.value.manifest
  const { fingerprint } = kit.value
  const isCompared = options.fingerprint !== undefined || isKnown
  return ok({
    ...place.value,
    mirror,
    zone,
    fingerprint,
    settings,
    account: account?.name,
    isCompared,
  })
}

interface Target {
  readonly home: string
  readonly owner: Owner
  /** Undefined below a folder: there it is whoever runs this. */
  readonly account: Account | undefined
}

async function targetOf(
  { place, user, onChange }: JoinOptions,
  { manifest }: Kit,
): Promise<Outcome<Target, readonly string[]>> {
  if (place.kind === 'here') {
    await mkdir(place.folder, { recursive: true, mode: 0o755 })
    return ok({ home: place.folder, owner: user, account: undefined })
  }
  const { account: name } = manifest
  const found = await findAccount(name)
  if (user.uid !== ROOT_UID && found?.uid !== user.uid) {
    return fail([
      `only root can install for account "${name}": run this as root, do steps 2 to 5 of its README.md by hand,`,
      `or install below a folder of your own with --here DIR`,
    ])
  }
  const account = found ?? (await newAccount(name, onChange))
  if (account === undefined) return fail([`account "${name}" was made and cannot be found`])
  return account.uid === ROOT_UID || /(?:nologin|false)$/.test(account.shell)
    ? fail([accountFault(account)])
    : ok({ home: account.home, owner: account, account })
}

function accountFault({ name, uid, shell }: Account): string {
  return uid === ROOT_UID
    ? `account "${name}" is root, which no master may log into`
    : `the shell of account "${name}" is ${shell}; the masters' command needs /bin/sh (usermod --shell /bin/sh ${name})`
}

async function newAccount(
  name: string,
  onChange: (line: string) => void,
): Promise<Account | undefined> {
  await makeAccount(name, `/home/${name}`)
  onChange(`made account ${name}`)
  return await findAccount(name)
}

/** The document root of the kit; of a folder its own; of an operator who has chosen another, that one. */
async function placeOf(
  { place }: JoinOptions,
  { files }: Kit,
  home: string,
): Promise<Outcome<MirrorPlace, readonly string[]>> {
  const kitConf = readConf(textOf(files, 'clam-clientsync.conf'), home)
  if (kitConf === undefined) return fail(['clam-clientsync.conf of the kit cannot be read'])
  const present = readConf((await readIfThere(join(home, AT_HOME.conf))) ?? '', home)
  const preset = place.kind === 'here' ? join(home, 'htdocs') : kitConf.to
  return ok({ home, documentRoot: present?.to ?? preset })
}

async function installKit(
  { files, fingerprint }: Kit,
  place: MirrorPlace,
  install: Installer,
  program: readonly string[],
): Promise<void> {
  const { home } = place
  const at = (path: string) => join(home, path)
  for (const folder of ['bin', 'etc', 'var', AT_HOME.publishers]) {
    await install.folder(at(folder), 0o755)
  }
  await install.folder(at('.ssh'), 0o700)
  await install.documentRoot(place.documentRoot)
  await install.file(at(AT_HOME.tufRoot), textOf(files, 'root.json'), 0o644)
  for (const [path, content] of files) {
    const [folder, name] = path.split('/')
    if (folder === 'publishers' && name !== undefined) {
      await install.file(at(`${AT_HOME.publishers}/${name}`), content, 0o644)
    }
  }
  await install.file(at(STATISTICS_AT_HOME), textOf(files, 'statistics.htpasswd'), 0o644)
  const kitConf = readConf(textOf(files, 'clam-clientsync.conf'), home)
  const present = readConf((await readIfThere(at(AT_HOME.conf))) ?? '', home)
  if (kitConf !== undefined) {
    await install.file(at(AT_HOME.conf), installedConf(kitConf, present, place), 0o600)
  }
  await install.file(at(AT_HOME.script), clientsyncScript(program), 0o755)
  await installSettings(at(AT_HOME.settings), textOf(files, 'cvdnet.toml'), install)
  await install.file(at(KNOWN_KEY), `${fingerprint}\n`, 0o644)
  await installKeys(at(AT_HOME.authorizedKeys), textOf(files, 'authorized_keys_noshell'), install)
}

/** Last, because from here on a master gets in. Keys that somebody else has put there are kept beside it. */
async function installKeys(path: string, keys: string, install: Installer): Promise<void> {
  const before = await readIfThere(path)
  if (before !== keys) await keepBefore(path, before, 0o600, install)
  await install.file(path, keys, 0o600)
}

/** Ports and addresses are the operator's to change; which masters may call is the kit's to say. */
async function installSettings(path: string, kit: string, install: Installer): Promise<void> {
  const before = await readIfThere(path)
  const folder = dirname(path)
  const [present, wanted] = [before ?? '', kit].map((text) => parseSettings(text, { folder }))
  const masters = (settings: typeof wanted) =>
    settings?.ok === true ? JSON.stringify(settings.value.mirror?.masters) : undefined
  if (present?.ok === true && masters(present) === masters(wanted)) return
  await keepBefore(path, before, 0o644, install)
  await install.file(path, kit, 0o644)
}

/** The first one only: that is what was there before us. */
async function keepBefore(
  path: string,
  before: string | undefined,
  mode: number,
  install: Installer,
): Promise<void> {
  const kept = `${path}.before`
  if (before !== undefined && (await readIfThere(kept)) === undefined) {
    await install.file(kept, before, mode)
  }
}

function textOf(files: Kit['files'], path: string): string {
  return Buffer.from(files.get(path) ?? new Uint8Array()).toString('utf8')
}
