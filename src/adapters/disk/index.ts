export { switchLink, syncFolder, writeFileAtomic, writeFileSynced } from './atomic.ts'
