export { ask, type Question } from './ask.ts'
export { lookAtLocalFiles, lookAtWeb, type WebFindings, type WebMirror } from './web.ts'
