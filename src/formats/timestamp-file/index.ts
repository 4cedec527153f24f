export {
  parseTimestamp,
  printTimestamp,
  TIMESTAMP_CHARS_MAX,
  type Timestamp,
  type TimestampFault,
} from './timestamp.ts'
