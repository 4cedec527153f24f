import assert from 'node:assert/strict'
import { chmod, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadOrMakeKey } from '#adapters/ssh/index.ts'
import { freePort } from '../../dev/demo/layout.ts'
import { CVDNET } from '../support/cvdnet.ts'
import { aKit, FACTS } from '../support/kit.ts'
import { run, without } from '../support/run.ts'

/** Root in a mount namespace of its own: accounts, homes and web folders of the machine stay as they are. */
const skip =
  without('unshare', 'useradd', 'sshd', 'ssh', 'gpg', 'gpgv', 'rsync') ||
  (process.getuid?.() === 0 ? false : 'only root can make accounts')

test('as root a kit makes the account, and sshd lets a master start one command and nothing else', {
  skip,
}, async (t) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-root-'))
  await chmod(folder.path, 0o755)
  const at = (name: string) => join(folder.path, name)
  const master = await loadOrMakeKey(at('trigger'), 'rsync1')
  await loadOrMakeKey(at('host'), 'fra1')
  const [port, closed] = [await freePort(['127.0.0.1']), await freePort(['127.0.0.1'])]
  const [first] = FACTS.masters
  assert.ok(first !== undefined)
  const masters = [{ ...first, triggerKey: master.publicKey, rsyncPort: closed }]
  const kit = await aKit(folder.path, 'kit', { masters })
  await writeFile(
    at('sshd_config'),
    `Port ${port}\nListenAddress 127.0.0.1\nHostKey ${at('host')}\nUsePAM no\nStrictModes yes\nPidFile none\n`,
  )
  const ssh = `ssh -F none -i ${at('trigger')} -p ${port} -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR clamavdb@127.0.0.1`
  const cvdnet = `'${process.execPath}' '${CVDNET}'`
  const script = `set -e
cp -a /etc '${at('etc')}'
mount --bind '${at('etc')}' /etc
mount -t tmpfs none /home
mkdir -p /var/www && mount -t tmpfs none /var/www
mkdir -p /run/sshd
echo STEP join
${cvdnet} mirror join '${kit.path}' --fingerprint ${kit.fingerprint}
echo STEP again
${cvdnet} mirror join '${kit.path}'
echo STEP look
getent passwd clamavdb
stat -c '%U %a %n' /home/clamavdb/.ssh /home/clamavdb/.ssh/authorized_keys /home/clamavdb/etc/clam-clientsync.conf /home/clamavdb/bin/clam-clientsync /var/www/clamav
echo STEP ssh
/usr/sbin/sshd -D -e -f '${at('sshd_config')}' 2> '${at('sshd.log')}' &
door=$!
for look in 1 2 3 4 5 6 7 8 9 10; do
  sleep 0.3
  status=0
  ${ssh} sh -c 'id; cat /etc/passwd' || status=$?
  [ $status = 255 ] || break
done
echo STATUS $status
kill $door
`
  const ended = await run('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    timeoutMs: 90_000,
  })
  if (/unshare failed|mount: .*permission denied/i.test(ended.err)) {
    t.skip('this machine allows no mount namespace')
    return
  }
  assert.equal(ended.status, 0, ended.all)
  const [, joined = '', again = '', look = '', called = ''] = ended.out.split(/STEP \w+\n/)
  assert.match(joined, /made account clamavdb/)
  assert.match(joined, /fra1 of clamav\.test is set up in \/home\/clamavdb/)
  assert.doesNotMatch(again, /^ {2}\w/m, 'a second run changes nothing')
  assert.match(look, /^clamavdb:x:\d+:\d+::\/home\/clamavdb:\/bin\/sh$/m)
  assert.match(look, /^clamavdb 700 \/home\/clamavdb\/\.ssh$/m)
  assert.match(look, /^clamavdb 600 \/home\/clamavdb\/\.ssh\/authorized_keys$/m)
  assert.match(look, /^clamavdb 600 \/home\/clamavdb\/etc\/clam-clientsync\.conf$/m)
  assert.match(look, /^clamavdb 755 \/home\/clamavdb\/bin\/clam-clientsync$/m)
  assert.match(look, /^clamavdb 755 \/var\/www\/clamav$/m)
  // What was asked for is not what runs: the sync from this master does, and its master is away.
  assert.match(called, new RegExp(`rsync1: syncing from rsync://127.0.0.1:${closed}/clamavdb`))
  assert.match(called, /STATUS 3/)
  assert.doesNotMatch(called, /uid=|root:/)
})
