import assert from 'node:assert/strict'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run, without, withoutRealData } from '../support/run.ts'

/** A stock freshclam with nothing but our name server as its resolver, in a network of its own. */
const skip =
  without('ssh', 'rsync', 'freshclam', 'sigtool', 'unshare', 'ip') ||
  withoutRealData() ||
  (process.getuid?.() === 0 ? false : 'only root may make a network namespace')

const WORLD = join(import.meta.dirname, '..', 'support', 'freshclam-world.ts')
const SCENARIO_TIMEOUT_MS = 120_000

async function inNamespace(scenario: string): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-ns-'))
  const resolv = join(folder.path, 'resolv.conf')
  await writeFile(resolv, 'nameserver 127.0.0.1\noptions timeout:2 attempts:2\n')
  const script = [
    'ip link set lo up',
    // Through a link, as resolvconf and systemd make it, a mount on the name itself would fail.
    'mount --bind "$1" "$(readlink -f /etc/resolv.conf)"',
    'exec "$2" "$3" "$4"',
  ].join(' && ')
  const end = await run(
    'unshare',
    ['--net', '--mount', 'sh', '-c', script, 'sh', resolv, process.execPath, WORLD, scenario],
    { timeoutMs: SCENARIO_TIMEOUT_MS, env: { HOME: folder.path } },
  )
  assert.equal(end.status, 0, end.all)
}

test(
  'the cheap check: one packet says that nothing is new, a patch comes when something is',
  {
    skip,
  },
  () => inNamespace('cheap'),
)

test(
  'a mirror that is dead costs a client nothing but the next address of the answer',
  {
    skip,
  },
  () => inNamespace('failover'),
)

test(
  'our own client does as freshclam does, and each goes on with what the other left',
  {
    skip,
  },
  () => inNamespace('ours'),
)
