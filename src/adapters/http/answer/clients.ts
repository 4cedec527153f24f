/** Who may fetch from a mirror that is not for everybody: any freshclam sends the login of an address (RFC 7617). */
import { createHash } from 'node:crypto'

export interface ClientLogin {
  readonly name: string
  readonly password: string
}

export class Clients {
  readonly #digests: ReadonlySet<string>
  /** Fields that were right before, as they were sent: no more than there are logins, and ways to write the scheme. */
  readonly #known = new Set<string>()

  /** A name may be there twice, so that its password can be replaced without a gap. */
  constructor(logins: readonly ClientLogin[]) {
    this.#digests = new Set(logins.map(({ name, password }) => digest(`${name}:${password}`)))
  }

  /** `authorization` is the field of that name, empty where there was none. */
  lets(authorization: string): boolean {
    if (this.#known.has(authorization)) return true
    const login = basicLogin(authorization)
    // Digests are compared, so that the time it takes tells nothing of a password.
    if (login === undefined || !this.#digests.has(digest(login))) return false
    if (this.#known.size < KNOWN_MAX) this.#known.add(authorization)
    return true
  }
}

const KNOWN_MAX = 10_000

/** `name:password` of a `Basic …`. Undefined: it is none. */
export function basicLogin(authorization: string): string | undefined {
  const [scheme = '', given = ''] = authorization.split(' ')
  if (scheme.toLowerCase() !== 'basic') return undefined
  return Buffer.from(given, 'base64').toString('utf8')
}

function digest(login: string): string {
  return createHash('sha256').update(login).digest('base64')
}
