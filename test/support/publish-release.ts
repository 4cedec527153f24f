/**
 * A child process for the kill tests: publishes release N of a folder with known content and ends itself, as a power
 * cut would, when the named step is reached. Usage: publish-release.ts FOLDER N [STEP-NUMBER]
 */
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ReleaseFolder } from '#adapters/disk/index.ts'
import { epochMs, epochSeconds } from '#base/time.ts'
import type { Release, ReleaseFile } from '#core/release/index.ts'
import type { ManifestSigner } from '#ports/manifest-signer.ts'
import { aGeneration, aName, aSerial, aVersion } from './values.ts'

/** Writes the manifest in clear, so that a test can compare a tree with it. */
export const plainSigner: ManifestSigner = {
  async sign(folder, manifest) {
    await writeFile(
      join(folder, 'manifest.json'),
      JSON.stringify({ serial: manifest.serial, files: [...manifest.files.values()] }),
    )
  },
}

function fileOf(name: string, version: number, text: string): ReleaseFile {
  return {
    kind: 'database',
    path: `${name}.cvd`,
    bytes: text.length,
    sha256: createHash('sha256').update(text).digest('hex'),
    name: aName(name),
    version: aVersion(version),
    builtAt: epochSeconds(1_700_000_000 + version),
    datedAt: epochSeconds(1_700_000_000 + version),
  }
}

/** Release N: `daily` is at N, `main` at half of it, so that one of the two is often linked. */
export async function publishRelease(
  folder: string,
  n: number,
  onStep: (step: string) => void = () => {},
): Promise<ReleaseFolder> {
  const releases = await ReleaseFolder.open({ folder, signer: plainSigner, kept: 3, onStep })
  await publishInto(releases, folder, n)
  return releases
}

/** The same into a folder that is open already. */
export async function publishInto(
  releases: ReleaseFolder,
  folder: string,
  n: number,
): Promise<void> {
  const { release, incoming } = await contentOf(folder, n)
  const pointers = stampOf(n, n)
  await releases.publish(
    { release, generation: aGeneration(n), pointers, now: epochMs(0) },
    incoming,
  )
}

/** The files of release N, written below `folder`. */
export async function contentOf(
  folder: string,
  n: number,
): Promise<{ readonly release: Release; readonly incoming: ReadonlyMap<string, string> }> {
  const uploads = join(folder, 'uploads')
  await mkdir(uploads, { recursive: true })
  const files: ReleaseFile[] = []
  const incoming = new Map<string, string>()
  for (const [name, version] of [
    ['daily', n],
    ['main', Math.ceil(n / 2)],
  ] as const) {
    const text = `${name} ${version} `.repeat(100)
    const source = join(uploads, `${name}-${version}`)
    await writeFile(source, text)
    const file = fileOf(name, version, text)
    files.push(file)
    incoming.set(file.path, source)
  }
  const release: Release = {
    serial: aSerial(n),
    publishedAt: epochSeconds(1_700_000_000),
    files: new Map(files.map((file) => [file.path, file])),
  }
  return { release, incoming }
}

export function stampOf(serial: number, generation: number): ReadonlyMap<string, string> {
  return new Map([['timestamp', `0\n0\nserial ${serial} generation ${generation}\n`]])
}

if (import.meta.main) {
  const [folder = '', n = '1', killAt = '-1'] = process.argv.slice(2)
  let step = 0
  await publishRelease(folder, Number(n), () => {
    if (step === Number(killAt)) process.kill(process.pid, 'SIGKILL')
    step += 1
  })
}
