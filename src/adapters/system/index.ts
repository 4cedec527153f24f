export { systemClock } from './clock.ts'
export { isListening } from './is-listening.ts'
export { type ProgramEnd, type ProgramToRun, runProgram } from './run-program.ts'
export { askWorker, type WorkerTask } from './worker.ts'
