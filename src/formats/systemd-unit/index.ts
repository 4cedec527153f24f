export { isPlainValue, printSystemdUnit, type Service } from './print.ts'
