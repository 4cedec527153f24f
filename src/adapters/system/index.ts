export { systemClock } from './clock.ts'
export { askWorker, type WorkerTask } from './worker.ts'
