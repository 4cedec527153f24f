export { describeTrial, type EngineTrial, type TrialOptions, tryInEngine } from './try.ts'
