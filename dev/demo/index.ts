export { type DemoNetwork, type DemoOptions, startDemo, ZONE } from './network.ts'
export type { NetworkJson } from './network-json.ts'
export { type RunOptions, runDemo } from './run.ts'
export { releasesOf, type Upload } from './sets.ts'
