export { type CountryRange, RangeTableBuilder } from './builder.ts'
export {
  findPlaceWith,
  IPV6_OVERRIDE_BITS_MAX,
  overrideTable,
  type PlaceOverride,
} from './overrides.ts'
export {
  EMPTY_TABLE,
  findPlace,
  PLACE_COUNT,
  placeAt,
  placeNumber,
  type RangeTable,
} from './range-table.ts'
