export { describeSettingsFault, type SettingsFault } from './fault.ts'
export { parseSettings, SETTINGS_CHARS_MAX } from './parse.ts'
export { printExample, printReference } from './print.ts'
export type {
  DnsSettings,
  ListenSettings,
  LogSettings,
  MasterSettings,
  MirrorEntry,
  MirrorSettings,
  PublisherSettings,
  RegistrySettings,
  SecretPlace,
  Settings,
  SigmakerSettings,
  StoreSettings,
} from './settings.ts'
