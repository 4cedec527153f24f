export { printSshSignature, sshSignedBytes } from './print.ts'
export {
  describeSshSignatureFault,
  type SshSignature,
  type SshSignatureFault,
  verifySshSignature,
} from './verify.ts'
