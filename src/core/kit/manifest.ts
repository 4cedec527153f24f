/** `kit.json`: what belongs to a kit. It is signed, and so everything is. */
import { describeJsonFault, jsonCodec, listOf, object, textThat, whole } from '#base/json.ts'
import { isPlainName } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'

export interface KitManifest {
  readonly format: number
  readonly zone: string
  readonly mirror: string
  readonly account: string
  readonly files: readonly KitEntry[]
}

export interface KitEntry {
  /** A name in the kit's folder, or in one folder below. */
  readonly path: string
  /** Of the content, hexadecimal. */
  readonly sha256: string
}

const FORMAT = 1
const FILES_MAX = 200
/** Guess: no manifest of two hundred files is longer. */
export const MANIFEST_BYTES_MAX = 64 * 1024

const codec = jsonCodec(
  object({
    format: whole(FORMAT, FORMAT),
    zone: textThat('a domain name', (text) => /^[a-z0-9.-]{1,253}$/.test(text)),
    mirror: textThat('a name', isPlainName),
    account: textThat('an account', (text) => /^[a-z_][a-z0-9_-]{0,31}$/.test(text)),
    files: listOf(
      object({
        path: textThat('a path in the kit', isKitPath),
        sha256: textThat('a SHA-256', (text) => /^[0-9a-f]{64}$/.test(text)),
      }),
      FILES_MAX,
    ),
  }),
)

export function printManifest(manifest: Omit<KitManifest, 'format'>): string {
  return `${JSON.stringify({ format: FORMAT, ...manifest }, undefined, 1)}\n`
}

/** The fault in words. */
export function parseManifest(text: string): Outcome<KitManifest, string> {
  const manifest = codec.parse(text)
  return manifest.ok ? ok(manifest.value) : fail(describeJsonFault(manifest.fault))
}

function isKitPath(text: string): boolean {
  const parts = text.split('/')
  return parts.length <= 2 && parts.every(isPlainName)
}
