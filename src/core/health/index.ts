export type { AddressHealth, DayMark, MirrorHealth, Sight, SightFault } from './types.ts'
