export { healthCodec } from './health-json.ts'
export {
  type AddressHealth,
  DAY_STATES,
  type DayMark,
  type DayState,
  type MirrorHealth,
  SIGHT_FAULTS,
  type Sight,
  type SightFault,
} from './types.ts'
