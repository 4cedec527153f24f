export { describeSettingsFault, type SettingsFault } from './fault.ts'
export { parseSettings, SETTINGS_CHARS_MAX } from './parse.ts'
export { printExample, printReference } from './print.ts'
export type {
  ListenSettings,
  LogSettings,
  MailSettings,
  MasterSettings,
  MirrorEntry,
  MirrorSettings,
  MonitorSettings,
  PublisherSettings,
  RegistrySettings,
  SecretPlace,
  Settings,
  SigmakerSettings,
  StoreSettings,
} from './settings.ts'
