/** In which country a client of the statistics is. */
import { type PlaceSource, watchPlaces } from '#adapters/geoip/index.ts'
import { parseIpAddress } from '#base/ip-address.ts'
import { EMPTY_TABLE, findPlace, placeAt } from '#core/places/index.ts'

/** What the data do not know, and everything where there are none. */
const OTHER = 'other'

export interface Countries extends AsyncDisposable {
  /** Resolves after the first try to read the data, whatever came of it. */
  readonly first: Promise<void>
  /** Two letters, or `other`. */
  of(address: string): string
}

/** Follows the data as they are replaced. Data that cannot be read are told once; those before stay in use. */
export function watchCountries(
  source: PlaceSource,
  onFault: (line: string) => void,
  lookEveryMs?: number,
): Countries {
  let table = EMPTY_TABLE
  const watch = watchPlaces(source, {
    onData: (data) => {
      table = data.table
    },
    onFault: ({ message }) =>
      onFault(
        `statistics: ${message}; ${table === EMPTY_TABLE ? `every client's country is "${OTHER}"` : 'the data before stay'}`,
      ),
    ...(lookEveryMs !== undefined && { lookEveryMs }),
  })
  return {
    first: watch.first,
    of(address) {
      const bytes = parseIpAddress(address)
      return (bytes && placeAt(findPlace(table, bytes)).country) ?? OTHER
    },
    [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose](),
  }
}
