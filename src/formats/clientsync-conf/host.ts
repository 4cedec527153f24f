/** `host`, `host:port`, `[2001:db8::1]`, `[2001:db8::1]:873`. Undefined when it is none of them. */
export interface HostPort {
  readonly host: string
  readonly port: number | undefined
}

/** RFC 1035 2.3.4. */
const HOST_CHARS_MAX = 253
const PORT_MAX = 65_535

export function parseHostPort(text: string): HostPort | undefined {
  const match =
    /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?))(?::(\d{1,5}))?$/.exec(
      text,
    )
  const host = match?.[1] ?? match?.[2]
  if (host === undefined || host.length > HOST_CHARS_MAX) return undefined
  if (match?.[1] !== undefined && !host.includes(':')) return undefined
  const port = match?.[3] === undefined ? undefined : Number(match[3])
  if (port !== undefined && (port < 1 || port > PORT_MAX)) return undefined
  return { host, port }
}

export function printHostPort({ host, port }: HostPort): string {
  return `${host.includes(':') ? `[${host}]` : host}${port === undefined ? '' : `:${port}`}`
}

export function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= PORT_MAX ? port : undefined
}
