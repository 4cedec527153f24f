/** A network's TUF metadata as one of its mirrors has it, which is nothing to believe before it is verified. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { DatabaseServer } from '#ports/database-server.ts'
import { type AskingRun, askServer, Failures } from './ask-servers.ts'

const METADATA_BYTES_MAX = 8 * 1024 * 1024
const METADATA = ['timestamp.json', 'snapshot.json', 'targets.json']
/** A root has some keys; and as many roots as follow may be asked for in a row. */
const ROOT_BYTES_MAX = 256 * 1024
/** A root that was renewed more often since the last run is beyond what anybody does. */
const ROOTS_MAX = 64

interface MetadataPlace {
  /** Base address of the mirror. */
  readonly from: string
  /** A folder; the metadata go into its `tuf/`. */
  readonly into: string
  /** Of the root that is trusted; those after it are fetched. */
  readonly rootVersion: number
}

/** Every root since the trusted one, and the rest as it is now. Throws what the server throws. */
export async function fetchMetadata(
  run: AskingRun,
  server: DatabaseServer,
  { from, into, rootVersion }: MetadataPlace,
): Promise<Outcome<void, Failures>> {
  await mkdir(join(into, 'tuf'), { recursive: true, mode: 0o700 })
  const fetch = async (name: string, bytesMax: number) => {
    const file = `tuf/${name}`
    const ask = (url: URL) =>
      server.download({ url, signal: run.signal }, join(into, file), bytesMax)
    return { file, answer: await askServer(run, from, { file, ask }) }
  }
  const failures = new Failures()
  for (let next = rootVersion + 1; next <= rootVersion + ROOTS_MAX; next++) {
    const { file, answer } = await fetch(`${next}.root.json`, ROOT_BYTES_MAX)
    if (answer.kind === 'found') continue
    const isMissing = answer.kind === 'refused' && answer.status === 404
    if (!isMissing) failures.note(run, { server: from, file }, answer)
    break
  }
  for (const name of METADATA) {
    const { file, answer } = await fetch(name, METADATA_BYTES_MAX)
    if (answer.kind === 'found') continue
    failures.note(run, { server: from, file }, answer)
    return fail(failures)
  }
  return ok(undefined)
}
