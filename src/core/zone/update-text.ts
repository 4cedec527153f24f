import { type DbName, type DbVersion, parseDbName } from '#base/names.ts'
import type { EpochSeconds } from '#base/time.ts'
import { printUpdateRecord } from '#formats/update-record/index.ts'
import type { ZoneSnapshot } from './snapshot.ts'

/** Text of `current.cvd.ZONE`; undefined while nothing is announced. */
export function updateRecordText(
  { announced }: Pick<ZoneSnapshot, 'announced'>,
  createdAt: EpochSeconds,
): string | undefined {
  if (announced === undefined) return undefined
  const { versions, newestClamav, versionWarning, level, safebrowsing } = announced
  const named = (name: 'main' | 'daily' | 'bytecode') => {
    const version = versionOf(versions, name)
    return version === undefined ? {} : { [name]: version }
  }
  return printUpdateRecord({
    newestClamav,
    ...named('main'),
    ...named('daily'),
    ...named('bytecode'),
    createdAt,
    versionWarning,
    level,
    ...(safebrowsing === undefined ? {} : { safebrowsing }),
  })
}

function versionOf(versions: ReadonlyMap<DbName, DbVersion>, text: string): DbVersion | undefined {
  const name = parseDbName(text)
  return name.ok ? versions.get(name.value) : undefined
}
