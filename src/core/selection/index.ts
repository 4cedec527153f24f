export {
  type Candidate,
  type CandidateAddress,
  type Condition,
  type Family,
  familyOf,
  type Listing,
  type Member,
} from './candidate.ts'
export { countryCodes, distanceKm, regionOf } from './countries.ts'
export { describeLeftOut, type LeftOut, type LeftOutWhy } from './left-out.ts'
export { type Near, type NearBy, nearest, type Wanted } from './near.ts'
export { type Pool, type PoolWish, poolOf, type Tier } from './pool.ts'
export { makeWheel, spin, type Wheel } from './wheel.ts'
