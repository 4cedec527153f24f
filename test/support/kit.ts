import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { NetworkPgpKey } from '#adapters/openpgp/index.ts'
import { makeNetworkKeys } from '#adapters/tuf/index.ts'
import { epochMs } from '#base/time.ts'
import type { KitFacts } from '#core/kit/index.ts'
import { makeKit } from '#roles/registrar/index.ts'

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAG2rU3Q+pMvYu4wUCRv88bNZRncs15GyPE7ZzZoeX9V'
const OTHER = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBG2rU3Q+pMvYu4wUCRv88bNZRncs15GyPE7ZzZoeX9V'

export const FACTS: Omit<KitFacts, 'fingerprint' | 'tufRoot'> = {
  zone: 'clamav.test',
  name: 'fra1',
  account: 'clamavdb',
  host: 'fra1.example',
  addresses: ['127.0.1.1'],
  httpPort: 8080,
  sshPort: 2222,
  aliases: ['mirror.example'],
  login: { user: 'fra1', password: 'wonderland', statisticsPassword: 'looking-glass' },
  masters: [
    {
      name: 'rsync1',
      host: '127.0.0.1',
      rsyncPort: 8873,
      module: 'clamavdb',
      hostKey: OTHER,
      triggerKey: KEY,
    },
  ],
  bandwidthKbit: undefined,
  publishers: [],
  shellKeys: [OTHER],
  place: { home: '/home/clamavdb', documentRoot: '/var/www/clamav' },
}

/** A kit in `folder/name`, signed with the key of `folder/openpgp`. */
export async function aKit(
  folder: string,
  name = 'kit',
  more: Partial<KitFacts> = {},
  keyFolder = 'openpgp',
): Promise<{ readonly path: string; readonly fingerprint: string }> {
  const { signal } = new AbortController()
  await makeNetworkKeys(join(folder, 'network'), epochMs(Date.now()))
  const tufRoot = await readFile(join(folder, 'network', 'root.json'), 'utf8')
  await using key = await NetworkPgpKey.open(join(folder, keyFolder), 'clamav.test', signal)
  const path = join(folder, name)
  const made = await makeKit({ ...FACTS, tufRoot, ...more }, key, path)
  assert.ok(made.ok)
  return { path, fingerprint: key.fingerprint }
}
