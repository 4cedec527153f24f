import assert from 'node:assert/strict'
import {
  appendFile,
  chmod,
  lstat,
  mkdir,
  mkdtempDisposable,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { aKit } from '../../../test/support/kit.ts'
import { without } from '../../../test/support/run.ts'
import { joinMirror } from './index.ts'

const skip = without('gpg', 'gpgv')
const { getuid, getgid } = process
const USER = { uid: getuid?.() ?? 0, gid: getgid?.() ?? 0 }

function joining(
  kit: string,
  folder: string,
  more: Partial<Parameters<typeof joinMirror>[0]> = {},
) {
  return joinMirror({
    kit,
    fingerprint: undefined,
    place: { kind: 'here', folder },
    user: USER,
    program: ['cvdnet'],
    onChange: () => {},
    signal: new AbortController().signal,
    ...more,
  })
}

/** Every file with its mode and content. */
async function stateOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true })
  return await Promise.all(
    entries.toSorted().map(async (entry) => {
      const found = await lstat(join(folder, entry))
      const content = found.isFile() ? await readFile(join(folder, entry), 'utf8') : ''
      return `${entry} ${(found.mode & 0o777).toString(8)} ${content.replaceAll(folder, 'HERE')}`
    }),
  )
}

test('a kit is installed with the modes that R60 asks for, and a second run changes nothing', {
  skip,
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-join-'))
  const kit = await aKit(folder.path)
  const here = join(folder.path, 'here')
  const first = await joining(kit.path, here)
  assert.ok(first.ok, first.ok ? '' : first.fault.join())
  assert.deepEqual([first.value.mirror, first.value.isCompared], ['fra1', false])
  const mode = async (path: string) => ((await lstat(join(here, path))).mode & 0o777).toString(8)
  assert.deepEqual(
    await Promise.all(
      ['.ssh', '.ssh/authorized_keys', 'bin/clam-clientsync', 'etc/clam-clientsync.conf'].map(mode),
    ),
    ['700', '600', '755', '600'],
  )
  const changes: string[] = []
  const before = await stateOf(here)
  const again = await joining(kit.path, here, { onChange: (line) => changes.push(line) })
  assert.ok(again.ok && again.value.isCompared, 'the key is known from the first time')
  assert.deepEqual(changes, [])
  assert.deepEqual(await stateOf(here), before)
})

test('killed after any change, a second run ends where a single one does', { skip }, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-join-'))
  const kit = await aKit(folder.path)
  let changes = 0
  await joining(kit.path, join(folder.path, 'whole'), { onChange: () => (changes += 1) })
  const whole = await stateOf(join(folder.path, 'whole'))
  assert.ok(changes > 10)
  for (let at = 1; at <= changes; at += 1) {
    const here = join(folder.path, `cut${at}`)
    let seen = 0
    const cut = () => {
      seen += 1
      if (seen === at) throw new Error('killed')
    }
    await assert.rejects(joining(kit.path, here, { onChange: cut }), /killed/)
    assert.ok((await joining(kit.path, here)).ok)
    assert.deepEqual(await stateOf(here), whole, `killed after change ${at}`)
  }
})

test('what an operator has changed stays, and what was there before is kept', {
  skip,
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-join-'))
  const kit = await aKit(folder.path)
  const here = join(folder.path, 'here')
  const at = (path: string) => join(here, path)
  await mkdir(at('.ssh'), { recursive: true })
  await writeFile(at('.ssh/authorized_keys'), 'ssh-ed25519 AAAA mine\n')
  assert.ok((await joining(kit.path, here)).ok)
  assert.equal(await readFile(at('.ssh/authorized_keys.before'), 'utf8'), 'ssh-ed25519 AAAA mine\n')
  await mkdir(at('elsewhere'))
  await appendFile(
    at('etc/clam-clientsync.conf'),
    `TO=${at('elsewhere')}\nEXCLUDE="--exclude local_* --exclude mine"\nMINE=1\n`,
  )
  const settings = await readFile(at('etc/cvdnet.toml'), 'utf8')
  await writeFile(at('etc/cvdnet.toml'), settings.replace('port = 8080', 'port = 8081'))
  const login = { user: 'fra1', password: 'other', statisticsPassword: 'x' }
  const next = await aKit(folder.path, 'next', { login })
  assert.ok((await joining(next.path, here)).ok)
  const conf = await readFile(at('etc/clam-clientsync.conf'), 'utf8')
  assert.match(conf, /TO='.*elsewhere'\n/)
  assert.match(conf, /--exclude mine/)
  assert.match(conf, /MINE='1'/)
  assert.match(conf, /RSYNC_PASSWORD='other'/)
  assert.match(await readFile(at('etc/cvdnet.toml'), 'utf8'), /port = 8081/)
})

test('nothing is done with a kit that was changed, is not whole, or is signed by somebody else', {
  skip,
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-join-'))
  const kit = await aKit(folder.path)
  const stranger = await aKit(folder.path, 'stranger', {}, 'other-key')
  const here = join(folder.path, 'here')
  const refusal = async (path: string, fingerprint?: string) => {
    const outcome = await joining(path, here, { fingerprint })
    assert.ok(!outcome.ok)
    return outcome.fault.join('\n')
  }
  assert.match(await refusal(join(folder.path, 'nowhere')), /is no kit/)
  assert.match(await refusal(stranger.path, kit.fingerprint), /signed by .*, not by/)
  const at = (path: string) => join(kit.path, path)
  const keys = await readFile(at('authorized_keys_noshell'))
  await appendFile(at('authorized_keys_noshell'), 'ssh-ed25519 AAAA evil\n')
  assert.match(await refusal(kit.path), /authorized_keys_noshell is not what was signed/)
  await rm(at('authorized_keys_noshell'))
  assert.match(await refusal(kit.path), /authorized_keys_noshell is missing/)
  await writeFile(at('authorized_keys_noshell'), keys)
  const manifest = await readFile(at('kit.json'), 'utf8')
  await writeFile(at('kit.json'), manifest.replace('"fra1"', '"fra2"'))
  assert.match(await refusal(kit.path), /signature of kit.json does not hold/)
  await assert.rejects(lstat(here), 'nothing was made')
  await writeFile(at('kit.json'), manifest)
  assert.ok((await joining(kit.path, here, { fingerprint: kit.fingerprint })).ok)
  assert.match(await refusal(stranger.path), /earlier kits were signed by/)
})

test('a link in the place of a folder is not followed', { skip }, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-join-'))
  const kit = await aKit(folder.path)
  const [here, victim] = [join(folder.path, 'here'), join(folder.path, 'victim')]
  await mkdir(here)
  await mkdir(victim)
  await chmod(victim, 0o755)
  await symlink(victim, join(here, '.ssh'))
  await assert.rejects(joining(kit.path, here), /something else is there/)
  assert.deepEqual(await readdir(victim), [])
})

test('who is not root is told what root must do', { skip }, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-join-'))
  const kit = await aKit(folder.path, 'kit', { account: 'no-such-account' })
  const outcome = await joining(kit.path, '', {
    place: { kind: 'account' },
    user: { uid: 12_345, gid: 12_345 },
  })
  assert.match(outcome.ok ? '' : outcome.fault.join(' '), /only root can install.*--here DIR/)
})
