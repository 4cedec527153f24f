/** A public key in OpenSSH's one-line form, without its comment: `ssh-ed25519 AAAA…`. */
export type SshPublicKey = string

/** One run behind the door. What the caller typed is not here: it decides nothing (R94). */
export interface SshCall {
  /** The caller's address, for the journal. */
  readonly from: string
  /** A line on the caller's standard output, at once. */
  print(line: string): void
  /** A line on the caller's standard error. */
  complain(line: string): void
  /**
   * Aborted when the door itself closes. A caller who hangs up does not abort the run:
   * a trigger that was accepted is carried out (promise 5).
   */
  readonly signal: AbortSignal
}

export interface UploadLimits {
  readonly fileBytesMax: number
  /** Of everything in the folder together. */
  readonly folderBytesMax: number
  readonly filesMax: number
}

/** What one credential opens: one thing (promise 8). */
export type SshAdmission =
  | {
      readonly kind: 'command'
      /** Runs for any command and for a shell request alike; resolves to the exit status. */
      run(call: SshCall): Promise<number>
    }
  | {
      readonly kind: 'upload'
      /** The caller sees a home with one folder `public_html/`, which is this folder. */
      readonly folder: string
      readonly limits: UploadLimits
    }

export interface SshDoorPolicy {
  /** Undefined shuts the door: unknown account, or a key that this account does not know. */
  admit(user: string, key: SshPublicKey): SshAdmission | undefined
}

/** A listening ssh server. Dispose it to close the door; runs in progress are aborted through their signal. */
export interface SshDoor extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly hostKey: SshPublicKey
}
