import assert from 'node:assert/strict'
import { mkdirSync, mkdtempDisposableSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { examineFile } from '#adapters/databases/index.ts'
import { newPublisherSecrets } from '#adapters/keys/index.ts'
import { verifiersOf } from '#core/databases/index.ts'
import { checkPatch } from '#core/patches/index.ts'
import { publicKeys } from '#formats/dsig/index.ts'
import { SIGNING_PORT } from '#formats/signing-service/index.ts'
import { makeOwnKeyClamav, ownKeyClamavMissing } from '../support/own-key-clamav.ts'
import { run } from '../support/run.ts'
import { startSigningDaemon } from '../support/signing-daemon.ts'
import { aVersion } from '../support/values.ts'

/** sigtool takes an address and no port, so an address is chosen that nobody else here has. */
const HOST = '127.33.101.1'
const { signal } = new AbortController()

test('the real sigtool builds a database and a patch with our daemon, and we believe both', {
  skip: ownKeyClamavMissing() ?? false,
}, async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'cvdnet-signing-'))
  const secrets = await newPublisherSecrets('acme')
  const keys = publicKeys(secrets)
  const own = makeOwnKeyClamav(join(folder.path, 'own'), keys)
  const login = { user: 'tester', password: 'secret' }
  await using daemon = await startSigningDaemon({
    secrets,
    ...login,
    host: HOST,
    port: SIGNING_PORT,
  })
  const home = join(folder.path, 'home')
  const published = join(folder.path, 'published')
  mkdirSync(home)
  mkdirSync(published)
  const env = { ...own.env, SIGNDUSER: login.user, SIGNDPASS: login.password }
  const build = async (ndb: string, ...args: readonly string[]) => {
    writeFileSync(join(home, 'COPYING'), 'free\n')
    writeFileSync(join(home, 'acme.ndb'), ndb)
    rmSync(join(home, 'acme.cvd'), { force: true })
    const common = ['--build', 'acme.cvd', `--server=${HOST}`, `--datadir=${published}`]
    const built = await run(own.sigtool, [...common, ...args], { cwd: home, env })
    assert.equal(built.status, 0, built.all)
  }
  await build('A:0:*:deadbeef\n', '--cvd-version', '1', '--no-cdiff')
  const first = readFileSync(join(home, 'acme.cvd'))
  writeFileSync(join(published, 'acme.cvd'), first)
  await build('A:0:*:deadbeef\nB:0:*:cafebabe\n')
  const examined = await examineFile(join(home, 'acme.cvd'), {
    verifiers: verifiersOf([keys]),
    signal,
  })
  assert.deepEqual([examined.faults, examined.signedBy, examined.header?.version], [[], 'acme', 2])
  const patch = checkPatch(readFileSync(join(home, 'acme-2.cdiff')), aVersion(2), [keys])
  assert.ok(patch.ok, JSON.stringify(patch))
  assert.deepEqual(daemon.asked, ['info', 'header', 'info', 'header', 'patch'])
})
