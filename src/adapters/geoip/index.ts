export { loadPlaces } from './load.ts'
export { GeoError, type PlaceData, type PlaceSource } from './source.ts'
export { type PlaceWatch, type WatchOptions, watchPlaces } from './watch.ts'
