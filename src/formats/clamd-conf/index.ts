export {
  type ClamdConf,
  type ClamdDoor,
  type ConfFault,
  describeConfFault,
  doorsOf,
  parseClamdConf,
} from './conf.ts'
