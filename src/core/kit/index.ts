export { installedConf, readConf } from './conf.ts'
export {
  AT_HOME,
  type KitFacts,
  type KitMaster,
  type MirrorPlace,
  servedNames,
} from './facts.ts'
export { type FollowerFacts, followerConf, followerSettings } from './follower.ts'
export { type KitFile, kitFiles } from './kit.ts'
export {
  type KitEntry,
  type KitManifest,
  MANIFEST_BYTES_MAX,
  parseManifest,
  printManifest,
} from './manifest.ts'
export { grouped } from './readme.ts'
export { authorizedKeysNotify, clientsyncScript } from './ssh-keys.ts'
export { STATISTICS_AT_HOME } from './web-server.ts'
