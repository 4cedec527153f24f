import { clientsyncConf, publisherFile } from './conf.ts'
import type { KitFacts } from './facts.ts'
import { kitReadme } from './readme.ts'
import { mirrorSettings } from './settings.ts'
import { authorizedKeysNoShell, authorizedKeysShell, clientsyncScript } from './ssh-keys.ts'
import { apacheSample, firewallLines, nginxSample, statisticsPasswords } from './web-server.ts'

export interface KitFile {
  readonly path: string
  readonly text: string
  /** 0o600 where it holds a password. */
  readonly mode: number
  /** Whether a detached OpenPGP signature lies beside it, besides the one over the whole kit (R52). */
  readonly isSigned: boolean
}

const PUBLIC = 0o644
const PROGRAM = 0o755
const SECRET = 0o600

/** Everything in a kit but the network's public key and the signatures. */
export function kitFiles(facts: KitFacts): readonly KitFile[] {
  const file = (path: string, text: string, mode = PUBLIC, isSigned = false): KitFile => ({
    path,
    text,
    mode,
    isSigned,
  })
  return [
    file('README.md', kitReadme(facts)),
    file('clam-clientsync', clientsyncScript(['cvdnet']), PROGRAM),
    file('clam-clientsync.conf', clientsyncConf(facts), SECRET),
    file('cvdnet.toml', mirrorSettings(facts)),
    file('root.json', facts.tufRoot),
    ...facts.publishers.map(({ name, text }) => file(`publishers/${publisherFile(name)}`, text)),
    file('authorized_keys_noshell', authorizedKeysNoShell(facts), PUBLIC, true),
    file('authorized_keys_shell', authorizedKeysShell(facts), PUBLIC, true),
    file('nginx.conf', nginxSample(facts)),
    file('apache.conf', apacheSample(facts)),
    file('firewall.txt', firewallLines(facts)),
    file('statistics-password', `${facts.login.statisticsPassword ?? ''}\n`, SECRET),
    file('statistics.htpasswd', statisticsPasswords(facts)),
  ]
}
