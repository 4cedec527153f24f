import { type DbName, type DbVersion, dbVersion, parseDbName } from '#base/names.ts'
import { LEGACY_FILES } from '#formats/legacy-db/index.ts'
import { SIGNATURE_FILE_EXTENSIONS } from '#formats/signature-file/index.ts'

/** What a file of an upload is, read off its name alone. Nothing is opened for this. */
export type SetFileName =
  | { readonly kind: 'database'; readonly name: DbName; readonly container: 'cvd' | 'cud' }
  | { readonly kind: 'patch'; readonly name: DbName; readonly version: DbVersion }
  | { readonly kind: 'detached-signature'; readonly of: string }
  | { readonly kind: 'set'; readonly name: DbName }
  | { readonly kind: 'set-signature'; readonly name: DbName }
  | { readonly kind: 'plain'; readonly stem: DbName; readonly extension: string }
  | { readonly kind: 'unknown'; readonly hint: string }

const PLAIN = new Set(SIGNATURE_FILE_EXTENSIONS)
const LEGACY = new Set(Object.values(LEGACY_FILES).map(({ database }): string => database))

/** A file kept as `test-5.cvd` is uploaded as `test.cvd`: the version stands in its header. Others keep their names. */
export function uploadName(file: string): string {
  return file.replace(/^([A-Za-z0-9_]+)-\d+\.(cvd|cud)$/, '$1.$2')
}

export function classify(file: string): SetFileName {
  const dot = file.indexOf('.')
  const stem = file.slice(0, Math.max(dot, 0))
  const extension = file.slice(dot + 1)
  if (file.endsWith('.sign')) return { kind: 'detached-signature', of: file.slice(0, -5) }
  if (LEGACY.has(file)) {
    return { kind: 'unknown', hint: 'the master makes it out of main and daily' }
  }
  const patch = /^(.+)-(\d{1,10})\.cdiff$/.exec(file)
  if (patch) return patchName(patch[1] ?? '', Number(patch[2]))
  const parsed = parseDbName(stem)
  if (!parsed.ok) return { kind: 'unknown', hint: nameHint(file) }
  const name = parsed.value
  switch (extension) {
    case 'cvd':
    case 'cud':
      return { kind: 'database', name, container: extension }
    case 'set':
      return { kind: 'set', name }
    case 'set.sig':
      return { kind: 'set-signature', name }
    case 'cld':
      return {
        kind: 'unknown',
        hint: 'a .cld is what freshclam builds for itself; upload the .cvd',
      }
    default:
      return PLAIN.has(extension)
        ? { kind: 'plain', stem: name, extension }
        : { kind: 'unknown', hint: 'no such kind of database, patch or signature file' }
  }
}

function patchName(stem: string, number: number): SetFileName {
  const name = parseDbName(stem)
  const version = dbVersion(number)
  if (!name.ok || version === undefined) {
    return { kind: 'unknown', hint: 'a patch is called NAME-VERSION.cdiff' }
  }
  return { kind: 'patch', name: name.value, version }
}

function nameHint(file: string): string {
  const better = uploadName(file)
  if (better !== file) return `upload it as ${better}: the version stands in its header`
  return 'a name has letters, digits and _ only, and does not begin with local_'
}

/**
 * Whether a member belongs into the database of that name. The name is in no signature, but the members' names are
 * in the signed `.info`: so a genuine `test` cannot be passed off as `daily` (field-notes 2).
 */
export function memberBelongs(name: DbName, member: string): boolean {
  if (member === 'COPYING' || member.startsWith(`${name}.`)) return true
  return name === 'bytecode' && (member.endsWith('.cbc') || member === 'last.hdb')
}
