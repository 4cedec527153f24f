export {
  ANNOUNCE_POLICY,
  type Announcement,
  type AnnouncePolicy,
  decideAnnouncement,
  describeSpread,
  type MirrorSight,
  type Spread,
  type Waiting,
} from './decide.ts'
export { mirrorSights } from './sights.ts'
