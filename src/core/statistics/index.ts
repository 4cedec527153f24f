export type { DayTotals } from './day.ts'
export { type Report, reportJson, reportPage } from './report-page.ts'
export {
  type KeptStatistics,
  type LogCursor,
  NO_STATISTICS,
  parseStatistics,
  printStatistics,
} from './state.ts'
export { joinDays } from './sum.ts'
export { closeDay, type OpenDay, type Sighting, Tally, type TallyOptions } from './tally.ts'
export {
  type DayTraffic,
  TOTALS_DAYS_MAX,
  totalsCodec,
  totalsOf,
  trafficAt,
} from './totals.ts'
