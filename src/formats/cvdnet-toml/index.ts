export { describeSettingsFault, type SettingsFault } from './fault.ts'
export { parseSettings, SETTINGS_CHARS_MAX } from './parse.ts'
export { printExample, printReference } from './print.ts'
export type {
  HttpSettings,
  HttpsSettings,
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
  StatisticsSettings,
  StoreSettings,
} from './settings.ts'
