/**
 * A mirror that pulls by HTTP against the same mirror that pulls by rsync, of the same tree on loopback: the first sync of
 * all, one with a new small file, and one with nothing new (wanted: at most 1.2, 1.0, 1.0).
 *
 *     node bench/pull.ts [FILES] [MIB] [ROUNDS]
 *
 * FILES small files, as patches are, and one of MIB mebibytes. Each sync is a command of its own, as a trigger's is; both
 * verify and publish all that came. The tree is served by our own web server and by rsync's daemon, each in its process.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../dev/demo/layout.ts'
import { type Files, mirrorWorld } from '../test/support/mirror-world.ts'
import { claim, interleaved, timed } from './timed.ts'

const [files = 300, mebibytes = 64, rounds = 5] = process.argv.slice(2).map(Number)
const RATIOS = { first: 1.2, next: 1, nothing: 1 }
const PROGRAM = join(import.meta.dirname, '../bin/cvdnet.ts')

await using it = await mirrorWorld()
const tree: Record<string, string | Uint8Array> = {
  'large.ndb': randomBytes(mebibytes * 512 * 1024).toString('hex'),
  timestamp: '1',
}
for (let n = 0; n < files; n++) tree[`daily-${n}.cdiff`] = randomBytes(4096)
await it.publish(1, tree)
const web = await serve(join(it.dir, 'master/1'))
try {
  await it.writeConf({ UPSTREAM: web.url, MASTERS: `rsync1=127.0.0.1:${it.rsyncPort}` })
  let holds = await compare('first', it.dir, [])
  await timed(process.execPath, [PROGRAM, 'clientsync', 'upstream', '--conf', it.conf])
  holds = (await compare('nothing', it.dir, ['state', 'htdocs'])) && holds
  web.child.kill()
  await once(web.child, 'close')
  await next(tree)
  process.exitCode = holds ? 0 : 1
} finally {
  web.child.kill()
}

/** The same again with a file more. */
async function next(before: Files): Promise<void> {
  await it.publish(2, { ...before, 'new.cdiff': randomBytes(20_000), timestamp: '2' })
  const again = await serve(join(it.dir, 'master/2'))
  try {
    await it.writeConf({ UPSTREAM: again.url, MASTERS: `rsync1=127.0.0.1:${it.rsyncPort}` })
    await compare('next', it.dir, ['state', 'htdocs'])
  } finally {
    again.child.kill()
  }
}

/** Each round begins with what was there, but for the folders of a mirror that has nothing. */
async function compare(
  what: keyof typeof RATIOS,
  dir: string,
  kept: readonly string[],
): Promise<boolean> {
  for (const name of kept) await link(join(dir, name), join(dir, `${name}.kept`))
  const pull = (source: string) => async () => {
    for (const name of ['state', 'htdocs']) {
      await rm(join(dir, name), { recursive: true, force: true })
      if (kept.includes(name)) await link(join(dir, `${name}.kept`), join(dir, name))
    }
    return await timed(process.execPath, [PROGRAM, 'clientsync', source, '--conf', it.conf])
  }
  const { http, rsync } = await interleaved(rounds, {
    http: pull('upstream'),
    rsync: pull('rsync1'),
  })
  for (const name of kept) await rm(join(dir, `${name}.kept`), { recursive: true, force: true })
  return claim(`${what}: by HTTP against rsync`, http, rsync, RATIOS[what])
}

/** The same inodes, so that nothing has to be looked at again. */
async function link(from: string, to: string): Promise<void> {
  await timed('cp', ['-al', from, to])
}

async function serve(
  folder: string,
): Promise<{ readonly url: string; readonly child: ChildProcess }> {
  const port = await freePort(['127.0.0.1'])
  const server = join(import.meta.dirname, 'serve-process.ts')
  const log = join(it.dir, 'access.log')
  const child = spawn(process.execPath, [server, folder, String(port), log], { stdio: 'inherit' })
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; tries < 100; tries++) {
    const answer = await fetch(`${url}/timestamp`).catch(() => undefined)
    if (answer?.ok === true) return { url, child }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  child.kill()
  throw new Error('Cannot start the web server')
}
