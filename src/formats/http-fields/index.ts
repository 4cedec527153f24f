export { type ContentRange, parseContentRange } from './content-range.ts'
export { formatHttpDate, parseHttpDate } from './http-date.ts'
export { parseRetryAfter } from './retry-after.ts'
