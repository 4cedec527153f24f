export {
  type AuthorizedKeys,
  type AuthorizedKeysFault,
  type Caller,
  type KeyHolder,
  printAuthorizedKeys,
} from './print.ts'
