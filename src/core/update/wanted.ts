import { type DbName, parseDbName } from '#base/names.ts'
import { boolOf, type FreshclamConf, textsOf } from '#formats/freshclam-conf/index.ts'

/** In freshclam's order (formats.md 5.1). */
const STANDARD = ['daily', 'main', 'bytecode']

/**
 * The databases that a client keeps: the standard ones that are not excluded, and the extra ones. Freshclam takes three
 * names for extra ones; here any database of any publisher may be one.
 */
export function wantedDatabases(conf: FreshclamConf): readonly DbName[] {
  const excluded = new Set(textsOf(conf, 'ExcludeDatabase'))
  const names = [...STANDARD, ...textsOf(conf, 'ExtraDatabase')]
    .filter((name) => !excluded.has(name))
    .filter((name) => name !== 'bytecode' || boolOf(conf, 'Bytecode'))
    .flatMap((name) => {
      const parsed = parseDbName(name)
      return parsed.ok ? [parsed.value] : []
    })
  return [...new Set(names)]
}
