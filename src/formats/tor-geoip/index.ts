export { parseTorGeoipLine, type TorGeoipFault, type TorGeoipLine } from './line.ts'
