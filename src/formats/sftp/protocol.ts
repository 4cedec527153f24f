/**
 * SFTP version 3 (draft-ietf-secsh-filexfer-02), the server's side: requests as values, answers as bytes. ssh2's own
 * server class is not used because it takes requests without back-pressure and cannot send an exit status, without
 * which scp waits for ever.
 */

/** Of one packet, as OpenSSH has it (sftp-common.h, SFTP_MAX_MSG_LENGTH). */
export const SFTP_PACKET_BYTES_MAX = 256 * 1024
export const SFTP_VERSION = 3

export interface SftpAttributes {
  readonly size: number | undefined
  readonly mode: number | undefined
  /** Seconds since 1970. */
  readonly mtime: number | undefined
}

export interface SftpOpenFlags {
  readonly read: boolean
  readonly write: boolean
  readonly append: boolean
  readonly create: boolean
  readonly truncate: boolean
  readonly exclusive: boolean
}

export type SftpRequest =
  | { readonly kind: 'init'; readonly version: number }
  | {
      readonly kind: 'open'
      readonly id: number
      readonly path: string
      readonly flags: SftpOpenFlags
    }
  | {
      readonly kind: 'close' | 'fstat' | 'readdir'
      readonly id: number
      readonly handle: string
    }
  | {
      readonly kind: 'read'
      readonly id: number
      readonly handle: string
      readonly at: number
      readonly bytes: number
    }
  | {
      readonly kind: 'write'
      readonly id: number
      readonly handle: string
      readonly at: number
      readonly data: Uint8Array
    }
  | {
      readonly kind: 'lstat' | 'stat' | 'opendir' | 'remove' | 'mkdir' | 'rmdir' | 'readlink'
      readonly id: number
      readonly path: string
    }
  | { readonly kind: 'realpath'; readonly id: number; readonly path: string }
  | {
      readonly kind: 'setstat'
      readonly id: number
      readonly path: string
      readonly attributes: SftpAttributes
    }
  | {
      readonly kind: 'fsetstat'
      readonly id: number
      readonly handle: string
      readonly attributes: SftpAttributes
    }
  | {
      readonly kind: 'rename'
      readonly id: number
      readonly from: string
      readonly to: string
      /** `posix-rename@openssh.com`: takes the place of a file that is there. */
      readonly replaces: boolean
    }
  | { readonly kind: 'symlink'; readonly id: number }
  | { readonly kind: 'fsync'; readonly id: number; readonly handle: string }
  | { readonly kind: 'unknown'; readonly id: number; readonly what: string }

export type SftpFault =
  | { readonly kind: 'packet-too-long'; readonly bytes: number }
  | { readonly kind: 'malformed'; readonly type: number }

/** draft-ietf-secsh-filexfer-02, section 7. */
export const SFTP_STATUS = {
  ok: 0,
  eof: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  unsupported: 8,
} as const
export type SftpStatus = (typeof SFTP_STATUS)[keyof typeof SFTP_STATUS]

export interface SftpNameEntry {
  readonly name: string
  /** As `ls -l` shows it. */
  readonly longName: string
  readonly attributes: SftpAttributes
}
