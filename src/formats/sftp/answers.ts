import { FieldWriter } from './fields.ts'
import {
  SFTP_VERSION,
  type SftpAttributes,
  type SftpNameEntry,
  type SftpStatus,
} from './protocol.ts'

/** Answer types, section 3. */
const TYPE = {
  version: 2,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attributes: 105,
} as const

/** Says what we can do beyond version 3: a rename that replaces, and fsync. */
export function sftpVersion(): Uint8Array {
  return new FieldWriter(TYPE.version)
    .uint32(SFTP_VERSION)
    .text('posix-rename@openssh.com')
    .text('1')
    .text('fsync@openssh.com')
    .text('1')
    .packet()
}

export function sftpStatus(id: number, status: SftpStatus, message: string): Uint8Array {
  return new FieldWriter(TYPE.status).uint32(id).uint32(status).text(message).text('en').packet()
}

export function sftpHandle(id: number, handle: string): Uint8Array {
  return new FieldWriter(TYPE.handle).uint32(id).bytes(Buffer.from(handle, 'latin1')).packet()
}

export function sftpData(id: number, data: Uint8Array): Uint8Array {
  return new FieldWriter(TYPE.data).uint32(id).bytes(data).packet()
}

export function sftpNames(id: number, entries: readonly SftpNameEntry[]): Uint8Array {
  const fields = new FieldWriter(TYPE.name).uint32(id).uint32(entries.length)
  for (const { name, longName, attributes } of entries) {
    attrs(fields.text(name).text(longName), attributes)
  }
  return fields.packet()
}

export function sftpAttributes(id: number, attributes: SftpAttributes): Uint8Array {
  return attrs(new FieldWriter(TYPE.attributes).uint32(id), attributes).packet()
}

function attrs(fields: FieldWriter, { size, mode, mtime }: SftpAttributes): FieldWriter {
  const flags =
    (size === undefined ? 0 : 1) | (mode === undefined ? 0 : 4) | (mtime === undefined ? 0 : 8)
  fields.uint32(flags)
  if (size !== undefined) fields.uint64(size)
  if (mode !== undefined) fields.uint32(mode)
  if (mtime !== undefined) fields.uint32(mtime).uint32(mtime)
  return fields
}
