export { type LoggedRequest, printLogLine } from './print.ts'
