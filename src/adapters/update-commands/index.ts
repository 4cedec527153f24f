export {
  describeUpdateCommand,
  runUpdateCommand,
  type UpdateCommandOptions,
  type UpdateCommandOutcome,
} from './run.ts'
