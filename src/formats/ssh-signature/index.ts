export {
  describeSshSignatureFault,
  type SshSignature,
  type SshSignatureFault,
  verifySshSignature,
} from './verify.ts'
