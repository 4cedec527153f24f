import { type Outcome, ok } from '#base/outcome.ts'
import type { WebServerConfFault } from '#formats/web-server-conf/index.ts'
import { clientsyncConf, publisherFile } from './conf.ts'
import type { KitFacts } from './facts.ts'
import { kitReadme } from './readme.ts'
import { mirrorSettings } from './settings.ts'
import { authorizedKeysNoShell, authorizedKeysShell, clientsyncScript } from './ssh-keys.ts'
import { firewallLines, SAMPLED, statisticsPasswords, webServerSample } from './web-server.ts'

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

/**
 * Everything in a kit but the network's public key and the signatures. The fault is a path that no configuration of a web
 * server can hold.
 */
export function kitFiles(facts: KitFacts): Outcome<readonly KitFile[], WebServerConfFault> {
  const file = (path: string, text: string, mode = PUBLIC, isSigned = false): KitFile => ({
    path,
    text,
    mode,
    isSigned,
  })
  const samples: KitFile[] = []
  for (const server of SAMPLED) {
    const sample = webServerSample(server, facts)
    if (!sample.ok) return sample
    samples.push(file(`${server}.conf`, sample.value))
  }
  return ok([
    file('README.md', kitReadme(facts)),
    file('clam-clientsync', clientsyncScript(['cvdnet']), PROGRAM),
    file('clam-clientsync.conf', clientsyncConf(facts), SECRET),
    file('cvdnet.toml', mirrorSettings(facts)),
    file('root.json', facts.tufRoot),
    ...facts.publishers.map(({ name, text }) => file(`publishers/${publisherFile(name)}`, text)),
    file('authorized_keys_noshell', authorizedKeysNoShell(facts), PUBLIC, true),
    file('authorized_keys_shell', authorizedKeysShell(facts), PUBLIC, true),
    ...samples,
    file('firewall.txt', firewallLines(facts)),
    file('statistics-password', `${facts.login.statisticsPassword ?? ''}\n`, SECRET),
    file('statistics.htpasswd', statisticsPasswords(facts)),
  ])
}
