export { type MirrorStatus, type NetworkState, type Status, statusOf } from './status.ts'
export { statusInWords } from './words.ts'
