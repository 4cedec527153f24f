export { type BehindFault, describeBehind, mayFollow } from './behind.ts'
export { decideForcedUpdate, type ForcedUpdate, type PeerSight } from './forced-update.ts'
export { type PeerWord, type PeerWordFault, parsePeerWord, printPeerWord } from './word.ts'
