export { type SshDoorOptions, startSshDoor } from './door.ts'
export { SshDoorError, type SshDoorErrorCode } from './errors.ts'
export type { DropReason, OnSshDoorEvent, SshDoorEvent } from './events.ts'
export { fingerprint, type KeyPair, loadOrMakeKey } from './keys.ts'
export { seeHostKey } from './see-host-key.ts'
export {
  SigmakerClient,
  SigmakerClientError,
  type SigmakerClientErrorCode,
  type SigmakerLogin,
} from './sigmaker-client.ts'
export { signWithSshKey } from './sign.ts'
export { SshTrigger, type SshTriggerOptions } from './trigger.ts'
