import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { NetworkJson } from './network-json.ts'
import type { Upload } from './sets.ts'

const ANSWER_TIMEOUT_MS = 30_000

/** What a mirror does not serve byte for byte, in words. Of a name that was released twice the last one counts. */
export async function missingFrom(
  mirrors: NetworkJson['mirrors'],
  released: readonly Upload[],
): Promise<readonly string[]> {
  const wanted = new Map<string, string>()
  for (const { path, as } of released) wanted.set(as, hash(await readFile(path)))
  const missing: string[] = []
  for (const { name, host, httpPort } of mirrors) {
    for (const [file, sha256] of wanted) {
      const found = await serve(`http://${host}:${httpPort}/${file}`)
      if (found !== sha256)
        missing.push(
          `${name}: ${file} ${/^[0-9a-f]{64}$/.test(found) ? 'has other content' : found}`,
        )
    }
  }
  return missing
}

/** The hash of what is served, or in words why there is none. */
async function serve(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) })
    if (!answer.ok) return `is answered with ${answer.status}`
    return hash(new Uint8Array(await answer.arrayBuffer()))
  } catch (error) {
    return `cannot be fetched: ${error instanceof Error ? error.message : String(error)}`
  }
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
