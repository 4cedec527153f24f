export { parseLogLine } from './parse.ts'
export { type LoggedRequest, printLogLine } from './print.ts'
