export {
  describeSignatureFileFault,
  SIGNATURE_FAULTS_MAX,
  SIGNATURE_FILE_BYTES_MAX,
  SIGNATURE_FILE_EXTENSIONS,
  SignatureFileChecker,
  type SignatureFileFault,
} from './checker.ts'
