import { open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type EpochSeconds, epochSeconds } from '#base/time.ts'
import { classify, uploadName } from '#core/gate/index.ts'
import { type CvdHeader, HEADER_BYTES, parseHeader } from '#formats/cvd/index.ts'
import { layout } from './layout.ts'

/** A file to upload, and the name it gets in the sigmaker's folder. */
export interface Upload {
  readonly path: string
  readonly as: string
}

/**
 * Orders files into releases, one a database, in the order given. A patch goes with the first version that is not
 * below it; `test-1.cvd` is uploaded as `test.cvd`, since the version stands in the header. What belongs to no database
 * comes last, together.
 */
export async function releasesOf(
  paths: readonly string[],
): Promise<readonly (readonly Upload[])[]> {
  const databases: { name: string; version: number; uploads: Upload[] }[] = []
  const rest: Upload[] = []
  const patches: (Upload & { name: string; version: number })[] = []
  for (const path of paths) {
    const file = basename(path)
    const as = uploadName(file)
    const is = classify(as)
    if (is.kind === 'database' && is.container === 'cvd') {
      databases.push({
        name: is.name,
        version: (await headerOf(path))?.version ?? 0,
        uploads: [{ path, as }],
      })
    } else if (is.kind === 'patch') {
      patches.push({ path, as, name: is.name, version: is.version })
    } else rest.push({ path, as })
  }
  for (const { path, as, name, version } of patches) {
    const home = databases
      .filter((one) => one.name === name && one.version >= version)
      .toSorted((a, b) => a.version - b.version)[0]
    ;(home?.uploads ?? rest).push({ path, as })
  }
  const sets = databases.map(({ uploads }) => uploads)
  return rest.length === 0 ? sets : [...sets, rest]
}

/** What the demo's own database has to be next: clients ask by date as well, so it is built later than the published one. */
export interface NextBuild {
  readonly version: number
  readonly builtAt: EpochSeconds
}

export async function nextBuild(folder: string, master: string): Promise<NextBuild> {
  const path = join(layout(folder).master(master), 'current', 'demo.cvd')
  const published = await headerOf(path).catch(() => undefined)
  const now = Math.floor(Date.now() / 1000)
  return {
    version: (published?.version ?? 0) + 1,
    builtAt: epochSeconds(Math.max(now, (published?.builtAt ?? 0) + 1)),
  }
}

/** Undefined where there is none to be read: the gate will say what is wrong. Throws when the file cannot be read. */
async function headerOf(path: string): Promise<CvdHeader | undefined> {
  await using file = await open(path, 'r')
  const head = Buffer.alloc(HEADER_BYTES)
  const { bytesRead } = await file.read(head, 0, HEADER_BYTES, 0)
  const header = parseHeader(head.subarray(0, bytesRead), 'lenient')
  return header.ok ? header.value : undefined
}
