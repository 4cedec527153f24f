import { AT_HOME, type KitFacts, servedNames } from './facts.ts'

/** `cvdnet.toml` for our own mirror. Paths are relative to its folder, so it is good wherever it lies. */
export function mirrorSettings(facts: KitFacts): string {
  const { zone, name, addresses, httpPort, sshPort, masters } = facts
  const listen = JSON.stringify(listenAddress(addresses))
  const names = servedNames(facts).filter(
    (host) => host !== `database.${zone}` && host !== `db.*.${zone}`,
  )
  return [
    `# cvdnet as mirror "${name}": cvdnet run --config THIS FILE`,
    `zone = ${JSON.stringify(zone)}`,
    `state = "../var/cvdnet"`,
    ``,
    `[mirror]`,
    `name = ${JSON.stringify(name)}`,
    `conf = ${JSON.stringify(AT_HOME.conf.slice('etc/'.length))}`,
    `names = [${names.map((host) => JSON.stringify(host)).join(', ')}]`,
    ``,
    `[mirror.http]`,
    `host = ${listen}`,
    `port = ${httpPort}`,
    ``,
    `[mirror.ssh]`,
    `host = ${listen}`,
    `port = ${sshPort}`,
    ...masters.flatMap((master) => [
      ``,
      `[[mirror.masters]]`,
      `name = ${JSON.stringify(master.name)}`,
      `key = ${JSON.stringify(master.triggerKey)}`,
    ]),
    ``,
  ].join('\n')
}

/** Everywhere; but on loopback several mirrors share a machine, each with its own address. */
function listenAddress(addresses: readonly string[]): string {
  const [first = ''] = addresses
  if (addresses.length === 1 && first.startsWith('127.')) return first
  return addresses.some((address) => address.includes(':')) ? '::' : '0.0.0.0'
}
