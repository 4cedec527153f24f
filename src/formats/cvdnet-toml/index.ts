export { describeSettingsFault, type SettingsFault } from './fault.ts'
export { parseSettings, SETTINGS_CHARS_MAX } from './parse.ts'
export { printExample, printReference } from './print.ts'
export type {
  DnsSettings,
  HostSettings,
  HttpSettings,
  HttpsSettings,
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
  StatisticsSettings,
  StoreSettings,
  UpdateRecordSettings,
  UpstreamSettings,
} from './settings.ts'
