export { printSystemdUnit, type Service } from './print.ts'
