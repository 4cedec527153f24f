export { type ClientEnd, type ClientOptions, runClient } from './client.ts'
export { Alarm, keepUpdating } from './keep-updating.ts'
export { UpdateBusyError } from './update-once.ts'
export type { Voice } from './world.ts'
