export { type ConfFault, describeConfFault } from '#base/clam-conf.ts'
export { type ClamdConf, type ClamdDoor, doorsOf, parseClamdConf } from './conf.ts'
