export { systemClock } from './clock.ts'
export { isListening } from './is-listening.ts'
export { askWorker, type WorkerTask } from './worker.ts'
