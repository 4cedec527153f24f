export {
  printRsyncdConf,
  printSecrets,
  type RsyncdConf,
  type RsyncdConfFault,
  type RsyncdModule,
  type Secret,
  type SecretsFault,
} from './print.ts'
