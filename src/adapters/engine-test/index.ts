export { describeTrial, type EngineTrial, type TrialOptions, tryInEngine } from './try.ts'
export { engineVersion } from './version.ts'
