import { access, constants, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Command } from 'commander'
import type { SigmakerLogin } from '#adapters/ssh/index.ts'
import { CommandEnd, complain, EXIT, type ExitStatus, ended, say } from '../io.ts'

interface ReleaseFlags {
  readonly to?: string
  readonly network: string
  readonly identity?: string
  readonly hostKey?: string
}

const DEFAULT_SSH_PORT = 22

export function addReleaseCommand(cvdnet: Command): void {
  cvdnet
    .command('release')
    .description('upload files to a master as one set, trigger the release, and watch it spread')
    .argument('<file...>', 'a database with its patches; test-5.cvd is uploaded as test.cvd')
    .option(
      '--to <master>',
      'a master of the network file, or HOST[:PORT]; default: the first that answers',
    )
    .option(
      '--network <file>',
      'where masters and the identity are found',
      'demo-data/network.json',
    )
    .option('--identity <file>', 'private ssh key of the sigmaker')
    .option('--host-key <line>', "the master's host key, when it is given as HOST[:PORT]")
    .action(async (files: readonly string[], flags: ReleaseFlags) => {
      process.exitCode = await release(files, flags)
    })
}

async function release(files: readonly string[], flags: ReleaseFlags): Promise<ExitStatus> {
  const { SigmakerClient, SigmakerClientError } = await import('#adapters/ssh/index.ts')
  const { NOTIFY_USER, UPLOAD_USER, uploadName } = await import('#core/gate/index.ts')
  for (const file of files) await mustOpen(file)
  const uploads = files.map((path) => ({ path, as: uploadName(basename(path)) }))
  const signal = AbortSignal.any([])
  const masters = await mastersOf(flags)
  for (const [at, { name, login }] of masters.entries()) {
    const client = new SigmakerClient(login)
    try {
      await client.upload(UPLOAD_USER, uploads, signal)
      const show = (line: string, to: 'out' | 'err') => (to === 'err' ? complain(line) : say(line))
      const status = await client.notify(NOTIFY_USER, show, signal)
      return status === 0 ? EXIT.done : status === 1 ? EXIT.refused : EXIT.world
    } catch (error) {
      if (!(error instanceof SigmakerClientError)) throw error
      // R107: rsync1 first; if it is down, rsync2.
      const last = at === masters.length - 1
      if (error.code !== 'unreachable' || last) {
        const status = error.code === 'unreachable' ? EXIT.world : EXIT.refused
        throw ended(status, error.message, error)
      }
      complain(`${name}: ${error.message}; trying the next master`)
    }
  }
  throw new CommandEnd(EXIT.usage, `"${flags.network}" names no master`)
}

interface NamedLogin {
  readonly name: string
  readonly login: SigmakerLogin
}

async function mastersOf(flags: ReleaseFlags): Promise<readonly NamedLogin[]> {
  const { to, identity, hostKey } = flags
  if (to !== undefined && hostKey !== undefined) {
    if (identity === undefined) throw new CommandEnd(EXIT.usage, '--host-key wants --identity too')
    const [, host = '', port] = /^\[?([^\]]+?)\]?(?::(\d+))?$/.exec(to) ?? []
    const privateKey = await mustRead(identity)
    const login = { host, port: Number(port ?? DEFAULT_SSH_PORT), hostKey, privateKey }
    return [{ name: to, login }]
  }
  const network = parseNetwork(await mustRead(flags.network))
  if (network === undefined) {
    throw new CommandEnd(EXIT.usage, `"${flags.network}" is not a network file`)
  }
  const privateKey = await mustRead(identity ?? network.identity)
  const masters = network.masters.filter(({ name }) => to === undefined || name === to)
  if (masters.length === 0) {
    const names = network.masters.map(({ name }) => name).join(', ')
    throw new CommandEnd(
      EXIT.usage,
      `"${to}" is none of the masters in "${flags.network}" (${names}); HOST[:PORT] wants --host-key`,
    )
  }
  return masters.map(({ name, ...login }) => ({ name, login: { ...login, privateKey } }))
}

interface Network {
  readonly identity: string
  readonly masters: readonly { name: string; host: string; port: number; hostKey: string }[]
}

function parseNetwork(text: string): Network | undefined {
  try {
    const { masters, sigmaker } = JSON.parse(text)
    return {
      identity: String(sigmaker.identity),
      masters: masters.map((master: Readonly<Record<string, unknown>>) => ({
        name: String(master['name']),
        host: String(master['host']),
        port: Number(master['sshPort']),
        hostKey: String(master['hostKey']),
      })),
    }
  } catch {
    return undefined
  }
}

async function mustRead(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw ended(EXIT.world, `Cannot read "${path}"`, cause)
  }
}

async function mustOpen(path: string): Promise<void> {
  try {
    await access(path, constants.R_OK)
  } catch (cause) {
    throw ended(EXIT.world, `Cannot read "${path}"`, cause)
  }
}
