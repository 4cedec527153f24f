import assert from 'node:assert/strict'
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '../../test/support/run.ts'

const PROGRAM = join(import.meta.dirname, '..', 'cvdnet.ts')
const webserver = (...args: readonly string[]) =>
  run(process.execPath, [PROGRAM, 'mirror', 'webserver', ...args])

test('zone, names and document root come from the files of the mirror', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-webserver-'))
  await mkdir(join(folder.path, 'etc'))
  const conf = join(folder.path, 'etc', 'clam-clientsync.conf')
  await writeFile(conf, `TO="$HOME/htdocs"\nRSYNC_USER=a\nRSYNC_PASSWORD='do not tell'\n`)
  const toml = join(folder.path, 'cvdnet.toml')
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAG2rU3Q+pMvYu4wUCRv88bNZRncs15GyPE7ZzZoeX9V'
  await writeFile(
    toml,
    `zone = "clamav.example"\n[mirror]\nname = "mirror1"\nconf = "${conf}"\nnames = ["mirror1.example"]\n[[mirror.masters]]\nname = "rsync1"\nkey = "${key}"\n`,
  )
  for (const server of ['nginx', 'apache', 'lighttpd', 'caddy', 'webalizer', 'awstats']) {
    const { status, out, err } = await webserver(server, '--config', toml)
    assert.equal(status, 0, err)
    const own = server === 'awstats' ? 'database.clamav.example' : `${folder.path}/htdocs`
    assert.ok(out.includes(own), server)
    assert.doesNotMatch(out, /do not tell/)
  }
  const nginx = await webserver('nginx', '--config', toml, '--slow', '--port', '8080')
  assert.match(nginx.out, /server_name database\.clamav\.example mirror1\.example /)
  assert.match(nginx.out, /limit_rate 40000;/)
  assert.match(nginx.out, /listen \[::\]:8080 default_server;/)
})

test('what is missing, or could end its place in the file, is wrong use', async () => {
  const root = ['--zone', 'a.example', '--root']
  const wrong: readonly (readonly string[])[] = [
    ['nginx'],
    ['iis', ...root, '/srv'],
    ['nginx', ...root, '/srv/"; evil'],
    ['nginx', ...root, '/srv', '--port', '99999'],
    ['nginx', ...root, '/srv', '--certificate', '/x.pem'],
  ]
  for (const args of wrong) {
    const { status, out, err } = await webserver(...args)
    assert.deepEqual([status, out], [2, ''], args.join(' '))
    assert.notEqual(err, '')
  }
})
