export { type AuthorizedKey, printAuthorizedKeys } from './print.ts'
