export {
  CONF_CHARS_MAX,
  type ConfFault,
  type ConfLine,
  type ConfRemark,
  describeConfFault,
  describeConfRemark,
  type FreshclamConf,
  optionLine,
  parseFreshclamConf,
  printFreshclamConf,
} from './conf.ts'
export { type Execute, readExecute } from './execute.ts'
export { FRESHCLAM_OPTIONS, type OptionName, type OptionRule, type OptionsOf } from './options.ts'
export {
  boolOf,
  describeNoServer,
  type NoServer,
  numberOf,
  type Servers,
  serversOf,
  textOf,
  textsOf,
} from './settings.ts'
