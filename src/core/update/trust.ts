import type { DbName } from '#base/names.ts'
import { CLAMAV_KEYS, type PublisherKeys } from '#formats/dsig/index.ts'

/** Databases of ClamAV, whatever other publishers a client trusts (formats.md 5.1). */
const CLAMAVS = new Set(['daily', 'main', 'bytecode', 'safebrowsing', 'test', 'valhalla'])

/** Whose signature counts for a database: nobody but ClamAV signs what everybody's scanner relies on. */
export function publishersFor(
  name: DbName,
  further: readonly PublisherKeys[],
): readonly PublisherKeys[] {
  return CLAMAVS.has(name) ? [CLAMAV_KEYS] : further
}

/** The same, where one of them has signed what is here: no other publisher may go on with it. */
export function successorsOf(
  signedBy: string | undefined,
  publishers: readonly PublisherKeys[],
): readonly PublisherKeys[] {
  if (signedBy === undefined) return publishers
  return publishers.filter(({ publisher }) => publisher === signedBy)
}

/** Stock engines know ClamAV's keys alone; a database of another publisher they load unsigned, as a `.cud`. */
export function isForStockEngines(signedBy: string): boolean {
  return signedBy === CLAMAV_KEYS.publisher
}
