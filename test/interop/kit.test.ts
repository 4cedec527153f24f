import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdir,
  mkdtempDisposable,
  readdir,
  readFile,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { lookAtWeb } from '#adapters/inspection/index.ts'
import { servedNames } from '#core/kit/index.ts'
import { freePort } from '../../dev/demo/layout.ts'
import { aKit, FACTS } from '../support/kit.ts'
import { run, without } from '../support/run.ts'
import { aGeneration, aSerial } from '../support/values.ts'

const HOST = '127.0.0.1'
const skipKit = without('gpg', 'gpgv')

test('gpg --verify passes for what the kit publishes, and secrets are readable by nobody else', {
  skip: skipKit,
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-kit-'))
  const kit = await aKit(folder.path)
  const home = join(folder.path, 'operator')
  await mkdir(home, { mode: 0o700 })
  const gpg = (...args: readonly string[]) =>
    run('gpg', ['--homedir', home, '--batch', '--no-autostart', ...args], { cwd: kit.path })
  assert.equal((await gpg('--import', 'network-key.asc')).status, 0)
  for (const file of ['authorized_keys_noshell', 'authorized_keys_shell', 'kit.json']) {
    const verified = await gpg('--verify', `${file}.asc`, file)
    assert.equal(verified.status, 0, verified.err)
  }
  const [noshell, shell] = await Promise.all(
    ['authorized_keys_noshell', 'authorized_keys_shell'].map((file) =>
      readFile(join(kit.path, file), 'utf8'),
    ),
  )
  assert.match(noshell ?? '', /^restrict,command="~\/bin\/clam-clientsync rsync1" ssh-ed25519 /m)
  assert.doesNotMatch(noshell ?? '', /^ssh-/m)
  assert.match(shell ?? '', /^ssh-ed25519 /m)
  assert.equal((await stat(kit.path)).mode & 0o777, 0o700)
  for (const file of await readdir(kit.path)) {
    const path = join(kit.path, file)
    const found = await stat(path)
    const text = found.isFile() ? await readFile(path, 'latin1') : ''
    if (!/wonderland|looking-glass/.test(text)) continue
    assert.match(file, /^(?:clam-clientsync\.conf|statistics-password)$/)
    assert.equal(found.mode & 0o077, 0, file)
  }
  const readme = await readFile(join(kit.path, 'README.md'), 'utf8')
  assert.equal(readme.match(/^## \d+\. /gm)?.length, 10)
  assert.match(readme, new RegExp(kit.fingerprint.match(/.{4}/g)?.join(' ') ?? 'x'))
})

/** A document root that a sync has filled, and the kit's web-server sample for it. */
async function mirrorFolder(folder: string) {
  const port = await freePort([HOST])
  const documentRoot = join(folder, 'htdocs')
  const home = join(folder, 'home')
  await mkdir(join(documentRoot, 'local_stats'), { recursive: true })
  await mkdir(join(home, 'etc'), { recursive: true })
  await writeFile(
    join(documentRoot, 'timestamp'),
    '1772409600\n2026-03-02T00:00:00Z\nserial 1 generation 2\n',
  )
  await writeFile(join(documentRoot, 'daily.cvd'), Buffer.alloc(2 * 1024 * 1024, 'x'))
  await utimes(join(documentRoot, 'daily.cvd'), 1_772_409_600, 1_772_409_600)
  await writeFile(join(documentRoot, 'local_stats', 'index.html'), 'many')
  await writeFile(join(documentRoot, '.hidden'), 'secret')
  const kit = await aKit(folder, 'kit', { httpPort: port, place: { home, documentRoot } })
  const passwords = await readFile(join(kit.path, 'statistics.htpasswd'))
  await writeFile(join(home, 'etc', 'statistics.htpasswd'), passwords)
  for (const server of ['nginx', 'apache']) {
    const file = join(kit.path, `${server}.conf`)
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace(/\/var\/log\/[^"]+/, join(folder, 'access.log')))
  }
  return { port, kit: kit.path }
}

/** What a check finds there, and what a browser is told. */
async function mustBeWell(port: number): Promise<void> {
  const names = servedNames(FACTS).map((name) => name.replace('*', 'test'))
  const findings = await lookAtWeb(
    {
      address: HOST,
      port,
      names,
      largest: 'daily.cvd',
      wanted: { serial: aSerial(1), generation: aGeneration(2) },
      mbitMin: 10,
    },
    AbortSignal.timeout(60_000),
  )
  for (const [name, finding] of findings)
    assert.equal(finding.kind, 'yes', name + JSON.stringify(finding))
  const status = async (path: string, login?: string) => {
    const headers = login === undefined ? {} : { Authorization: `Basic ${btoa(login)}` }
    return (await fetch(`http://${HOST}:${port}${path}`, { headers, redirect: 'manual' })).status
  }
  assert.equal(await status('/.hidden'), 404)
  assert.equal(await status('/'), 404, 'a folder without an index is not 403')
  assert.equal(await status('/local_stats/'), 401)
  assert.equal(await status('/local_stats/', 'fra1:wonderland'), 401)
  assert.equal(await status('/local_stats/', 'fra1:looking-glass'), 200)
}

async function whenListening(port: number, server: ChildProcess, words: () => string) {
  for (let look = 0; look < 100; look += 1) {
    if (
      await fetch(`http://${HOST}:${port}/`).then(
        () => true,
        () => false,
      )
    )
      return
    assert.equal(server.exitCode, null, words())
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail(`it does not listen: ${words()}`)
}

function started(command: string, args: readonly string[]) {
  let words = ''
  const server = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      words += text
    })
  }
  return {
    server,
    words: () => words,
    async [Symbol.asyncDispose]() {
      if (server.exitCode !== null) return
      server.kill('SIGTERM')
      await once(server, 'exit')
    },
  }
}

test('nginx with the kit’s sample passes the check', {
  skip: skipKit || without('nginx'),
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-kit-'))
  const { port, kit } = await mirrorFolder(folder.path)
  const config = join(folder.path, 'nginx-main.conf')
  await writeFile(
    config,
    `daemon off; pid ${folder.path}/pid; error_log stderr; user root;
events {}
http { include ${kit}/nginx.conf; }
`,
  )
  await using it = started('/usr/sbin/nginx', ['-c', config, '-p', folder.path])
  await whenListening(port, it.server, it.words)
  await mustBeWell(port)
})

test('Apache with the kit’s sample passes the check', {
  skip: skipKit || without('apache2'),
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-kit-'))
  const { port, kit } = await mirrorFolder(folder.path)
  const config = join(folder.path, 'apache-main.conf')
  const modules = '/usr/lib/apache2/modules'
  const loaded = ['mpm_event', 'authn_core', 'authn_file', 'authz_core', 'authz_user', 'auth_basic']
  loaded.push('headers', 'dir', 'rewrite', 'mime')
  const account = process.getuid?.() === 0 ? 'User www-data\nGroup www-data\n' : ''
  await run('chmod', ['-R', 'a+rX', folder.path])
  await writeFile(
    config,
    `${loaded.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so\n`).join('')}
ServerName localhost
ServerRoot ${folder.path}
PidFile ${folder.path}/pid
DefaultRuntimeDir ${folder.path}
ErrorLog ${folder.path}/error.log
TypesConfig /dev/null
${account}Include ${kit}/apache.conf
`,
  )
  await using it = started('/usr/sbin/apache2', ['-D', 'FOREGROUND', '-f', config])
  await whenListening(port, it.server, it.words)
  await mustBeWell(port)
})
