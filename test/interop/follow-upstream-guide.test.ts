import assert from 'node:assert/strict'
import { mkdir, mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort } from '../../dev/demo/layout.ts'
import { lyingUpstream } from '../support/lying-upstream.ts'
import { Reloading } from '../support/reloading.ts'
import { eventually, realData, run, without, withoutRealData } from '../support/run.ts'

const skip = without('ssh-keygen', 'rsync', 'freshclam', 'dig') || withoutRealData()
const HOST = '127.0.0.1'
/** The monitor lets a mirror that it has never seen wait for its turn; half a minute here. */
const ANNOUNCED_MS_MAX = 120_000
const GUIDE = join(import.meta.dirname, '../../docs/guides/follow-upstream.md')

/** The guide's shell blocks, with a loopback in the place of the world. */
async function blocks(state: string, url: string): Promise<readonly string[]> {
  const text = await readFile(GUIDE, 'utf8')
  const found = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block)
  const ports = new Map<string, number>()
  for (const port of ['80', '873', '2022', '53']) ports.set(port, await freePort([HOST]))
  const masters = `\n[master.ssh]\nhost = "${HOST}"\nport = ${await freePort([HOST])}\n\n[master.rsync]\nhost = "${HOST}"\nport = ${ports.get('873')}\n`
  const replaced = found.map((block) =>
    block
      .replace(/^ADDRESS=\S+/m, `ADDRESS=${HOST}`)
      .replace(/^STATE=\/\S+/m, `STATE=${state}`)
      .replace('https://database.clamav.net', url)
      .replace('["main", "daily", "bytecode"]', '["test"]')
      .replaceAll(/(port = )(\d+)$/gm, (_all, key, port) => `${key}${ports.get(port)}`)
      .replace(/(\$ADDRESS:)873/, `$1${ports.get('873')}`)
      .replace('update_record = "current.cvd.clamav.net"\n', masters),
  )
  assert.equal(replaced.length, 2)
  return [...replaced, String(ports.get('80')), String(ports.get('53'))]
}

test('the guide makes a machine that follows, serves and tells its clients', { skip }, async () => {
  await using owned = new AsyncDisposableStack()
  const { path: folder } = owned.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-guide-')))
  const real = (version: number) => readFile(realData(`clamav/test-${version}.cvd`))
  const upstream = owned.use(await lyingUpstream({ 'test.cvd': await real(3) }))
  const [first = '', second = '', http = '', dns = ''] = await blocks(
    join(folder, 'state'),
    upstream.url,
  )
  const paste = async (script: string) => {
    const end = await run('bash', ['-c', `set -eu\n${script}`], { cwd: folder })
    assert.deepEqual([end.status, end.err], [0, ''], end.all)
  }
  await paste(first)
  const config = join(folder, 'cvdnet.toml')
  const node = owned.use(await Reloading.start(config, await readFile(config, 'utf8')))
  await node.says(/upstream: test is new: version 3, whole/)
  await paste(`${first.split('\n').slice(0, 2).join('\n')}\n${second}`)
  await node.reload(/reloaded: .*dns \(started\)/s)
  const client = join(folder, 'client')
  await mkdir(client)
  const conf = join(folder, 'freshclam.conf')
  const owner = process.getuid?.() === 0 ? 'DatabaseOwner root\n' : ''
  const site = `http://${HOST}:${http}`
  await writeFile(
    conf,
    `${owner}DatabaseDirectory ${client}\nDatabaseMirror ${site}\nMaxAttempts 1\n`,
  )
  await eventually(async () => assert.equal((await fetch(`${site}/test.cvd`)).status, 200))
  const update = ['--no-dns', '--stdout', `--config-file=${conf}`, '--update-db=test']
  const end = await run('freshclam', update)
  assert.match(end.all, /test\.cvd updated \(version: 3/)
  assert.ok((await readdir(client)).includes('test.cvd'))
  const question = ['+short', `@${HOST}`, '-p', dns, 'A', 'database.clamav.corp.example']
  assert.match((await run('dig', question)).out, /^127\.0\.0\.1$/m)
  // The next version goes all the way by patch.
  Object.assign(upstream.files, {
    'test.cvd': await real(4),
    'test-4.cdiff': await readFile(realData('clamav/test-4.cdiff')),
  })
  const more = (await readFile(config, 'utf8')).replace('["test"]', '["test", "bytecode"]')
  await node.reload(/reloaded: master \(stopped and started anew\)/, more)
  await eventually(async () => {
    assert.match((await run('freshclam', update)).all, /test\.cld updated \(version: 4/)
  })
  // It is announced when the monitor has seen it on the mirror.
  const record = ['+short', `@${HOST}`, '-p', dns, 'TXT', 'test.cvd.clamav.corp.example']
  const announced = async () => assert.match((await run('dig', record)).out, /^"4:\d+/)
  await eventually(announced, ANNOUNCED_MS_MAX)
  assert.equal(await node.end('SIGTERM'), 0, node.said)
})
