export {
  describeSignatureSetFault,
  type ListedFile,
  parseSignatureSet,
  printSignatureSet,
  SIGNATURE_SET_CHARS_MAX,
  SIGNATURE_SET_NAMESPACE,
  type SignatureSet,
  type SignatureSetFault,
} from './set.ts'
