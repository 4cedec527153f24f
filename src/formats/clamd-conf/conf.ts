import {
  type ConfFault,
  confValues,
  parseConfBool,
  parseConfNumber,
  readConfLines,
} from '#base/clam-conf.ts'
import { isHost } from '#base/host.ts'
import { type Outcome, ok } from '#base/outcome.ts'

export { type ConfFault, describeConfFault } from '#base/clam-conf.ts'

/** What a client of clamd needs of `clamd.conf` (clamd.conf(5); formats.md 5.8). Of an option given again the first counts. */
export interface ClamdConf {
  readonly localSocket?: string
  readonly tcpSocket?: number
  /** May be repeated; all count, in their order. Without one clamd listens on every address. */
  readonly tcpAddresses: readonly string[]
  /** 1.4 does not know the option, and always takes the command. */
  readonly enableReloadCommand: boolean
}

/** Switches the option off. */
const NO_PORT = 0
const PORT_MAX = 65_535

export function parseClamdConf(text: string): Outcome<ClamdConf, readonly ConfFault[]> {
  const read = readConfLines(text, fitsOption)
  if (!read.ok) return read
  const [localSocket] = confValues(read.value, 'LocalSocket')
  const [port] = confValues(read.value, 'TCPSocket')
  const [reload] = confValues(read.value, 'EnableReloadCommand')
  return ok({
    ...(localSocket === undefined ? {} : { localSocket }),
    ...(port === undefined || Number(port) === NO_PORT ? {} : { tcpSocket: Number(port) }),
    tcpAddresses: confValues(read.value, 'TCPAddr'),
    enableReloadCommand: reload === undefined || parseConfBool(reload) === true,
  })
}

/** Where clamd listens. */
export type ClamdDoor =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }

/** In the order in which a client tries them: the socket of this machine first. */
export function doorsOf({ localSocket, tcpSocket, tcpAddresses }: ClamdConf): readonly ClamdDoor[] {
  const hosts = tcpAddresses.length === 0 ? ['localhost'] : tcpAddresses
  return [
    ...(localSocket === undefined ? [] : [{ kind: 'unix', path: localSocket } as const]),
    ...(tcpSocket === undefined
      ? []
      : hosts.map((host) => ({ kind: 'tcp', host, port: tcpSocket }) as const)),
  ]
}

function fitsOption(name: string, value: string): boolean {
  switch (name) {
    case 'TCPSocket':
      return (parseConfNumber(value) ?? PORT_MAX + 1) <= PORT_MAX
    case 'TCPAddr':
      return isHost(value)
    case 'EnableReloadCommand':
      return parseConfBool(value) !== undefined
    default:
      return true
  }
}
