export {
  describeSignAnswerFault,
  describeSignRequestFault,
  parseSignAnswer,
  parseSignRequest,
  printSignAnswer,
  printSignRequest,
  SIGN_ANSWER_BYTES_MAX,
  SIGNING_PORT,
  type SignAnswerFault,
  type SignPart,
  type SignRequest,
  type SignRequestFault,
} from './messages.ts'
