export { ANALYSERS, type Analyser, printAnalyserConf } from './analysers.ts'
export { printWebServerConf, type WebServerConfFault } from './print.ts'
export { type Site, WEB_SERVERS, type WebServer } from './site.ts'
