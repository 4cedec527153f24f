import { buildFile, describeBuildFault, kindOfFile } from '#adapters/databases/index.ts'
import { drawSalt } from '#adapters/keys/index.ts'
import { type DbName, type DbVersion, dbVersion, parseDbName } from '#base/names.ts'
import { epochSeconds } from '#base/time.ts'
import { signerOf } from '#core/databases/index.ts'
import type { BuildKind } from '#formats/cvd/index.ts'
import type { PublisherSecrets } from '#formats/dsig/index.ts'
import { CommandEnd, complain, EXIT, say } from '../../io.ts'
import { readSecrets, untilInterrupted, worldEnd } from './common.ts'

export interface BuildOptions {
  readonly name: string
  readonly version: number
  readonly output: string
  readonly key?: string
  readonly builder?: string
  readonly time?: number
  readonly level: number
}

/** `cvdnet cvd build`: the kind of the output file says what it becomes. */
export async function build(folder: string, options: BuildOptions): Promise<void> {
  const { output, level } = options
  const secrets = options.key === undefined ? undefined : await readSecrets(options.key)
  const builtAt = epochSeconds(options.time ?? Math.floor(Date.now() / 1000))
  const built = await buildFile({
    folder,
    into: output,
    name: nameOf(options.name),
    version: versionOf(options.version),
    how: howOf(output, secrets),
    builder: builderOf(options.builder ?? secrets?.publisher ?? 'cvdnet'),
    builtAt,
    utcOffsetMinutes: -new Date(builtAt * 1000).getTimezoneOffset(),
    functionalityLevel: level,
    signal: untilInterrupted(),
  }).catch(worldEnd)
  if (!built.ok) {
    for (const fault of built.fault) complain(describeBuildFault(fault))
    throw new CommandEnd(EXIT.refused, `"${output}" was not built`)
  }
  const { header, members, bytes, leftOut } = built.value
  for (const file of leftOut) complain(`left out: ${file}`)
  const counts = `${members.length} members, ${header.signatures} signatures, ${bytes} bytes`
  say(`${output}: version ${header.version}, ${counts}`)
}

function howOf(output: string, secrets: PublisherSecrets | undefined): BuildKind {
  const kind = kindOfFile(output)
  if (kind === undefined) {
    throw new CommandEnd(EXIT.usage, `"${output}" must end in .cvd, .cud or .cld`)
  }
  if (kind === 'cud') {
    if (secrets === undefined) return { kind }
    throw new CommandEnd(EXIT.usage, 'a .cud is not signed; leave --key out')
  }
  if (secrets === undefined) throw new CommandEnd(EXIT.usage, `a .${kind} is signed; give --key`)
  return { kind, signer: signerOf(secrets, drawSalt) }
}

function nameOf(text: string): DbName {
  const name = parseDbName(text)
  if (name.ok) return name.value
  throw new CommandEnd(EXIT.usage, `"${text}" cannot be the name of a database`)
}

/** A field between colons. */
function builderOf(text: string): string {
  if (/^[\x21-\x39\x3b-\x7e]{1,32}$/.test(text)) return text
  const rule = 'it has 1 to 32 printable characters without blanks and ":"'
  throw new CommandEnd(EXIT.usage, `"${text}" cannot be the builder: ${rule}`)
}

function versionOf(value: number): DbVersion {
  const version = dbVersion(value)
  if (version !== undefined) return version
  throw new CommandEnd(EXIT.usage, `${value} cannot be a version`)
}
