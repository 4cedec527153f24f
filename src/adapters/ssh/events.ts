/** What happens at a door, for the node's log. Nothing in it is trusted: names are the caller's words, made harmless. */
export type SshDoorEvent =
  | {
      readonly kind: 'login-refused'
      readonly from: string
      readonly user: string
      readonly method: string
      /** Of the key that was offered, if one was. */
      readonly fingerprint: string | undefined
    }
  | { readonly kind: 'dropped'; readonly from: string; readonly why: DropReason }
  | {
      readonly kind: 'upload-refused'
      readonly from: string
      readonly user: string
      readonly why: string
    }
  | {
      readonly kind: 'upload-ended'
      readonly from: string
      readonly user: string
      readonly way: 'rsync' | 'scp' | 'sftp'
      readonly status: number
    }
  | { readonly kind: 'run-failed'; readonly from: string; readonly error: Error }

export type DropReason =
  | 'login-timeout'
  | 'too-many-attempts'
  | 'too-many-connections'
  | 'too-many-channels'
  | 'ignores-the-window'
  | 'idle'

export type OnSshDoorEvent = (event: SshDoorEvent) => void
