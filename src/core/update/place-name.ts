/** Addresses as people and programs are told them: logins and tokens stay out of messages. */

/** `http://name:password@host/path` without the login; what is no address stays what it is. */
export function withoutLogin(address: string): string {
  return address.replace(/^([A-Za-z][A-Za-z0-9+.-]*:\/*)[^/?#]*@/, '$1')
}

/** The same without a query too, in which tokens are. */
export function placeName({ href, search, hash }: URL): string {
  return withoutLogin(href.slice(0, href.length - search.length - hash.length))
}
