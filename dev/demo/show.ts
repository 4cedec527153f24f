import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { styleText } from 'node:util'
import { HARMLESS_TEXT, writeOwnContent } from './content.ts'
import { layout } from './layout.ts'
import type { NetworkJson } from './network-json.ts'
import type { NodeProcess } from './node-process.ts'
import type { RunningNetwork } from './run.ts'
import { nextBuild } from './sets.ts'

/** What a demo's reader sees. On a terminal a line a mirror changes in place; elsewhere each change is a line. */
export class Spread {
  readonly #mirrors: readonly string[]
  readonly #state = new Map<string, string>()
  readonly #took = new Map<string, number>()
  readonly #live = process.stdout.isTTY === true
  #drawn = false

  constructor(mirrors: readonly string[]) {
    this.#mirrors = mirrors
    for (const mirror of mirrors) this.#state.set(mirror, styleText('dim', 'waiting'))
  }

  /** A line of the master's: false when it is about no mirror. */
  hear(line: string): boolean {
    const [, mirror = '', words = ''] = /^ {2}([\w.-]+): (.*)$/.exec(line) ?? []
    if (!this.#mirrors.includes(mirror)) return false
    const seconds = /^serves it, ([\d.]+) s$/.exec(words)?.[1]
    if (seconds === undefined) this.#set(mirror, styleText('red', words), true)
    else {
      this.#took.set(mirror, Math.round(Number(seconds) * 1000))
      this.#set(mirror, styleText('green', words), true)
    }
    return true
  }

  /** How long each took, fastest first. */
  table(): string {
    const rows = [...this.#took].toSorted(([, a], [, b]) => a - b)
    const longest = Math.max(...rows.map(([, ms]) => ms), 1)
    return rows
      .map(([mirror, ms]) => {
        const bar = '█'.repeat(Math.max(Math.round((ms / longest) * 24), 1))
        return `  ${mirror.padEnd(10)} ${String(ms).padStart(6)} ms  ${styleText('green', bar)}`
      })
      .join('\n')
  }

  #set(mirror: string, words: string, worthALine: boolean): void {
    this.#state.set(mirror, words)
    if (this.#live) this.#draw()
    else if (worthALine) process.stdout.write(`  ${mirror.padEnd(10)} ${words}\n`)
  }

  #draw(): void {
    if (this.#drawn) process.stdout.write(`\u001b[${this.#mirrors.length}A`)
    this.#drawn = true
    for (const mirror of this.#mirrors) {
      process.stdout.write(`\u001b[2K  ${mirror.padEnd(10)} ${this.#state.get(mirror) ?? ''}\n`)
    }
  }
}

export function heading(text: string): string {
  return `\n${styleText('bold', text)}`
}

/** Left-aligned columns, as wide as their widest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  )
  return rows
    .map((row) => `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd())
    .join('\n')
}

export function showNetwork(
  json: NetworkJson,
  nodes: readonly NodeProcess[],
  folder: string,
): void {
  const pids = new Map(nodes.map(({ node, pid }) => [node.name, `pid ${pid}`]))
  const masters = json.masters.map(({ name, host, sshPort, rsyncPort, module }) => [
    name,
    `ssh ${host}:${sshPort}`,
    `rsync ${host}:${rsyncPort}/${module}`,
    '',
    pids.get(name) ?? '',
  ])
  const mirrors = json.mirrors.map(({ name, host, httpPort, sshPort, country }) => [
    name,
    `ssh ${host}:${sshPort}`,
    `http://${host}:${httpPort}/`,
    country,
    pids.get(name) ?? '',
  ])
  const others = [
    ['watch', '', 'monitor, mail, DNS', '', pids.get('watch') ?? ''],
    ['site', '', json.site, '', ''],
    ['letters', '', layout(folder).mail, '', ''],
  ]
  process.stdout.write(`${heading(`The network of ${json.zone} runs, in ${folder}`)}\n`)
  const dns = json.dns === null ? [] : [['dns', '', `${json.dns.host}:${json.dns.port}`, '', '']]
  process.stdout.write(`${columns([...masters, ...mirrors, ...dns, ...others])}\n`)
}

/** Three things that work as printed, on files that were made for it. */
export async function showWhatToTry({ json, keys }: RunningNetwork, folder: string): Promise<void> {
  const [master] = json.masters
  const [mirror] = json.mirrors
  if (master === undefined || mirror === undefined) return
  const next = await nextBuild(folder, master.name)
  const uploads = await writeOwnContent(join(folder, 'next'), next, keys)
  const knownHosts = join(folder, 'sigmaker', 'known_hosts')
  await writeFile(knownHosts, `[${master.host}]:${master.sshPort} ${master.hostKey}\n`)
  const conf = await writeFreshclamConf(folder, `http://${mirror.host}:${mirror.httpPort}`)
  const ssh = `-i ${json.sigmaker.identity} -p ${master.sshPort} -o UserKnownHostsFile=${knownHosts}`
  const { uploadUser, notifyUser } = json.sigmaker
  const names = uploads.map(({ as }) => as).join(',')
  const lines = [
    heading('Try'),
    `1. Release version ${next.version} by hand, as a sigmaker does (R92, R93):`,
    `   rsync -tcz --stats --progress -e 'ssh ${ssh}' ${join(folder, 'next')}/{${names}} ${uploadUser}@${master.host}:public_html/`,
    `   ssh ${master.host} ${ssh} -l ${notifyUser} sleep 1`,
    '2. Let a stock freshclam fetch from a mirror, and a stock engine find something with it:',
    `   freshclam --no-dns --update-db=custom --config-file=${conf}`,
    `   echo '${HARMLESS_TEXT}' | clamscan --database=${join(folder, 'client')} -`,
    '3. Ask whether a database is genuine, and look at the page that every mirror carries:',
    `   ./cvdnet cvd info --keys ${folder}/keys/publisher.pub.json ${mirror.docroot}/demo.cvd`,
    `   ${json.site}`,
    '4. Ask the name server: what is newest, and which mirror is near whom (here and in America):',
    ...digLines(json).map((line) => `   ${line}`),
    `   ./cvdnet explain --client 192.0.2.1 --snapshot ${join(layout(folder).node('watch').state, 'dns', 'last-snapshot.json')}`,
    '5. See who has what, kill any process by its pid, watch, and start it again:',
    `   ./cvdnet status --watch --config ${layout(folder).node(master.name).config}`,
    '',
    `What runs where is in ${join(folder, 'network.json')}. Ctrl-C stops it.`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

function digLines({ zone, dns }: NetworkJson): readonly string[] {
  if (dns === null) return []
  const dig = `dig @${dns.host} -p ${dns.port} +norecurse`
  return [
    `${dig} +short TXT current.cvd.${zone}`,
    `${dig} +noall +answer database.${zone}`,
    `${dig} +noall +answer -b 127.0.20.1 database.${zone}`,
  ]
}

async function writeFreshclamConf(folder: string, url: string): Promise<string> {
  const client = join(folder, 'client')
  await mkdir(client, { recursive: true })
  const owner = process.getuid?.() === 0 ? ['DatabaseOwner root'] : []
  const lines = [
    ...owner,
    `DatabaseDirectory ${client}`,
    `DatabaseMirror ${url}`,
    `DatabaseCustomURL ${url}/demo.ndb`,
  ]
  const conf = join(folder, 'freshclam.conf')
  await writeFile(conf, `${lines.join('\n')}\n`)
  return conf
}
