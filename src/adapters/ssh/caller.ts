import type ssh2 from 'ssh2'
import type { SshAdmission } from '#ports/ssh-door.ts'
import type { DropReason, OnSshDoorEvent } from './events.ts'

/** What one session channel knows about its caller. */
export interface Caller {
  readonly from: string
  readonly user: string
  /** Aborted when this channel or its connection is gone. */
  readonly gone: AbortSignal
  /** Aborted when the door closes. */
  readonly closing: AbortSignal
  readonly onEvent: OnSshDoorEvent
  /** Remembers work that closing the door waits for. */
  track(work: Promise<void>): void
  /** Keeps an eye on what waits unread in a channel. */
  watch(channel: ssh2.ServerChannel): void
  /** Cuts the whole connection. */
  drop(why: DropReason): void
}

export type CommandAdmission = Extract<SshAdmission, { kind: 'command' }>
export type UploadAdmission = Extract<SshAdmission, { kind: 'upload' }>
