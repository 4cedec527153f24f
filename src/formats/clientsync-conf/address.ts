/** Addresses of web servers, as a conf and a command line have them. */

/** Files are below it: what a query or a fragment would mean there, nobody can say. */
export function isBaseAddress(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && !/[?#]/.test(text)
}

/** `http://[USER:PASSWORD@]HOST[:PORT]`; a proxy is spoken to in the clear, as freshclam's. */
export function isProxyAddress(text: string): boolean {
  const url = URL.parse(text)
  if (url?.protocol !== 'http:' || url.pathname !== '/' || /[?#]/.test(text)) return false
  return [url.username, url.password].every(isEncoded)
}

function isEncoded(text: string): boolean {
  try {
    return decodeURIComponent(text) !== undefined
  } catch {
    return false
  }
}
