import { SFTP_STATUS, type SftpStatus } from '#formats/sftp/index.ts'

/** A request that is refused. Inside the sftp server only: it becomes one status answer. */
export class SftpNo extends Error {
  override readonly name = 'SftpNo'
  readonly status: SftpStatus
  /** Worth a line on the caller's terminal, not only a status. */
  readonly loud: boolean

  constructor(status: SftpStatus, message: string, loud: boolean) {
    super(message)
    this.status = status
    this.loud = loud
  }

  static denied(message: string): SftpNo {
    return new SftpNo(SFTP_STATUS.permissionDenied, message, true)
  }

  static missing(): SftpNo {
    return new SftpNo(SFTP_STATUS.noSuchFile, 'No such file', false)
  }
}
