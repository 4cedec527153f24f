/** Versions of an own-key database that follow each other, with the patches between them and their headers. */
import { createHash } from 'node:crypto'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { unpackFile } from '#adapters/databases/index.ts'
import { drawSalt } from '#adapters/keys/index.ts'
import { membersIn } from '#adapters/patches/index.ts'
import { signerOf, verifiersOf } from '#core/databases/index.ts'
import { makePatch } from '#core/patches/index.ts'
import { diffMembers } from '#formats/cdiff/index.ts'
import { HEADER_BYTES, parseHeader, printHeader } from '#formats/cvd/index.ts'
import { type PublisherSecrets, publicKeys } from '#formats/dsig/index.ts'
import type { Files, MirrorWorld } from './mirror-world.ts'
import { aVersion } from './values.ts'

/** Signatures of version N: in each version another hundredth of the lines is new. They pack to some 25 bytes a line. */
export function linesOf(lines: number, version: number): string {
  const text = Array.from({ length: lines }, (_, at) => {
    // The newest version that touched this line.
    const touched = version - ((version + 100 - (at % 100)) % 100)
    return `Test.Sig-${at}:0:*:${md5Of(`${at} ${Math.max(touched, 0)}`)}`
  })
  return text.join('\n')
}

function md5Of(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

/** A release of `daily` at `version`, with the patches to it and to the ones before, as many as are asked for. */
export async function patchedFiles(
  it: Pick<MirrorWorld, 'cvd' | 'secrets'>,
  version: number,
  { lines, patches }: { readonly lines: number; readonly patches: number },
): Promise<Files> {
  const daily = (number: number) => it.cvd('daily', number, linesOf(lines, number))
  const files: Record<string, string | Uint8Array> = {
    'daily.cvd': daily(version),
    timestamp: `generation ${version}\n`,
  }
  for (let to = version; to > version - patches; to -= 1) {
    const patch = await patchBetween(daily(to - 1), daily(to), to, it.secrets)
    files[`daily-${to}.cdiff`] = patch
  }
  if (patches > 0) files['daily.cvd.header'] = daily(version).subarray(0, HEADER_BYTES)
  return files
}

const made = new Map<string, Uint8Array>()

/** The signed patch that leads from one file to the next. */
export async function patchBetween(
  old: Uint8Array,
  fresh: Uint8Array,
  version: number,
  secrets: PublisherSecrets,
): Promise<Uint8Array> {
  const key = [old, fresh].map((bytes) => createHash('md5').update(bytes).digest('hex')).join()
  const known = made.get(key)
  if (known !== undefined) return known
  await using place = await mkdtempDisposable(join(tmpdir(), 'cvdnet-patch-'))
  const [from, to] = [
    await unpacked(place.path, old, 'old'),
    await unpacked(place.path, fresh, 'new'),
  ]
  const script = await diffMembers(from, to)
  if (!script.ok) throw new Error(`Cannot make a patch: ${script.fault.kind}`)
  const patch = makePatch(aVersion(version), script.value, secrets, drawSalt)
  if (!patch.ok) throw new Error(`Cannot make a patch: ${patch.fault.kind}`)
  made.set(key, patch.value)
  return patch.value

  async function unpacked(folder: string, bytes: Uint8Array, name: string) {
    const file = join(folder, `${name}.cvd`)
    await writeFile(file, bytes)
    const { signal } = new AbortController()
    const verifiers = verifiersOf([publicKeys(secrets)])
    const found = await unpackFile(file, join(folder, name), { verifiers, signal })
    return membersIn(
      join(folder, name),
      found.members.map((member) => member.name),
    )
  }
}

/** The same members in other bytes, signed anew: nobody can make these again who packs as the original does. */
export function packedOtherwise(cvd: Uint8Array, secrets: PublisherSecrets): Uint8Array {
  const header = parseHeader(cvd.subarray(0, HEADER_BYTES), 'strict')
  if (!header.ok) throw new Error('Cannot read the header')
  const payload = gzipSync(gunzipSync(cvd.subarray(HEADER_BYTES)), { level: 6 })
  const md5 = createHash('md5').update(payload).digest()
  const signed = {
    ...header.value,
    md5: md5.toString('hex'),
    dsig: signerOf(secrets, drawSalt).header(md5),
  }
  return Buffer.concat([printHeader(signed), payload])
}
