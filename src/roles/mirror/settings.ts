/** What a mirror is told by its `clam-clientsync.conf`, with everything the file names read and checked. */
import { realpath, stat } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { readStart } from '#adapters/disk/index.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { trustedPublishers, verifiersOf } from '#core/databases/index.ts'
import { type Hidden, hiddenBy } from '#core/sync/index.ts'
import {
  type ClientsyncConf,
  describeClientsyncConfFault,
  parseClientsyncConf,
} from '#formats/clientsync-conf/index.ts'
import type { DatabaseVerifier } from '#formats/cvd/index.ts'
import { describeKeyFault, type PublisherKeys, parsePublisherKeys } from '#formats/dsig/index.ts'

export interface MirrorSettings {
  readonly conf: ClientsyncConf
  /** Document root. */
  readonly to: string
  /** Lock, staging, trees, trust: outside of the document root. */
  readonly state: string
  /** The network's root metadata, from the kit. */
  readonly tufRoot: string
  /** ClamAV and those of the conf. */
  readonly publishers: readonly PublisherKeys[]
  /** Of all of them. */
  readonly verifiers: readonly DatabaseVerifier[]
  readonly hidden: Hidden
}

/** A conf and keys have kilobytes; what is larger is another file. */
const TEXT_BYTES_MAX = 1024 * 1024

/** Where a conf of 2004, which knows none of these, has them. */
const STATE_DEFAULT = 'clam-clientsync.state'
const TUF_ROOT_DEFAULT = 'root.json'

/** Every fault at once, each a line for the operator. Values never show: one of them is the password. */
export async function loadSettings(
  confFile: string,
  home: string,
): Promise<Outcome<MirrorSettings, readonly string[]>> {
  const text = await plainText(confFile)
  if (text === undefined) return fail([`${confFile} cannot be read`])
  const parsed = parseClientsyncConf(text, { home })
  if (!parsed.ok) {
    return fail(parsed.fault.map((fault) => `${confFile}: ${describeClientsyncConfFault(fault)}`))
  }
  const conf = parsed.value
  const to = await whereItIs(conf.to)
  const state = await whereItIs(conf.state ?? join(home, STATE_DEFAULT))
  const tufRoot = conf.tufRoot ?? join(dirname(confFile), TUF_ROOT_DEFAULT)
  const keys = await readKeys(conf.publisherKeys)
  const faults = [
    ...placeFaults({ to, state, home: await whereItIs(home), conf: await whereItIs(confFile) }),
    ...(await rootFaults(tufRoot, state)),
    ...keys.flatMap((each) => (each.ok ? [] : [each.fault])),
  ]
  if (faults.length > 0) return fail(faults.map((fault) => `${confFile}: ${fault}`))
  const publishers = trustedPublishers(keys.flatMap((each) => (each.ok ? [each.value] : [])))
  const verifiers = verifiersOf(publishers)
  return ok({ conf, to, state, tufRoot, publishers, verifiers, hidden: hiddenBy(conf.exclude) })
}

interface Places {
  readonly to: string
  readonly state: string
  readonly home: string
  readonly conf: string
}

/** A sync deletes what it does not know below `TO`, so that must be a folder for this and nothing else. */
function placeFaults({ to, state, home, conf }: Places): readonly string[] {
  const faults: string[] = []
  if (to === sep || contains(to, home)) faults.push('TO is a home folder or above one')
  if (contains(to, state)) faults.push('STATE lies inside TO; keep it out of the web')
  if (contains(state, to)) faults.push('TO lies inside STATE')
  if (contains(to, conf)) faults.push('this file, with its password, lies inside TO')
  return faults
}

function contains(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep)
}

async function rootFaults(tufRoot: string, state: string): Promise<readonly string[]> {
  for (const file of [tufRoot, join(state, 'tuf', 'root.json')]) {
    if ((await stat(file).catch(() => undefined))?.isFile()) return []
  }
  return [`TUF_ROOT: ${tufRoot} is not there; the network's root metadata comes with the kit`]
}

async function readKeys(
  files: readonly string[],
): Promise<readonly Outcome<PublisherKeys, string>[]> {
  return await Promise.all(
    files.map(async (file) => {
      const text = await plainText(file)
      if (text === undefined) return fail(`PUBLISHER_KEYS: ${file} cannot be read`)
      const keys = parsePublisherKeys(text)
      return keys.ok ? keys : fail(`PUBLISHER_KEYS: ${file}: ${describeKeyFault(keys.fault)}`)
    }),
  )
}

/** Undefined: it cannot be read. A named pipe cannot either: a mirror that runs would wait for its other end for ever. */
async function plainText(path: string): Promise<string | undefined> {
  const bytes = await readStart(path, TEXT_BYTES_MAX + 1).catch(() => undefined)
  if (bytes === undefined || bytes.byteLength > TEXT_BYTES_MAX) return undefined
  return Buffer.from(bytes).toString('utf8')
}

/** Links resolved as far as the path exists. */
async function whereItIs(path: string): Promise<string> {
  const found = await realpath(path).catch(() => undefined)
  if (found !== undefined) return found
  const parent = dirname(path)
  return parent === path
    ? path
    : join(await whereItIs(parent), path.slice(join(parent, sep).length))
}
