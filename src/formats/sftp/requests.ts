import { fail, type Outcome, ok } from '#base/outcome.ts'
import { FieldReader } from './fields.ts'
import type { SftpAttributes, SftpFault, SftpOpenFlags, SftpRequest } from './protocol.ts'

/** Flags of ATTRS, section 5. */
const ATTR = { size: 1, owner: 2, mode: 4, times: 8 } as const
/** Flags of OPEN, section 6.3. */
const OPEN = { read: 1, write: 2, append: 4, create: 8, truncate: 16, exclusive: 32 } as const

type Reader = (id: number, fields: FieldReader) => SftpRequest

const byHandle =
  (kind: 'close' | 'fstat' | 'readdir'): Reader =>
  (id, fields) => ({ kind, id, handle: fields.handle() })

const byPath =
  (
    kind: 'lstat' | 'stat' | 'opendir' | 'remove' | 'mkdir' | 'rmdir' | 'readlink' | 'realpath',
  ): Reader =>
  (id, fields) => ({ kind, id, path: fields.text() })

/** Request types, section 3. INIT is apart, for it has a version where the others have an id. */
const INIT = 1
const READERS: ReadonlyMap<number, Reader> = new Map<number, Reader>([
  [3, (id, fields) => ({ kind: 'open', id, path: fields.text(), flags: openFlags(fields) })],
  [4, byHandle('close')],
  [
    5,
    (id, fields) => ({
      kind: 'read',
      id,
      handle: fields.handle(),
      at: fields.uint64(),
      bytes: fields.uint32(),
    }),
  ],
  [
    6,
    (id, fields) => ({
      kind: 'write',
      id,
      handle: fields.handle(),
      at: fields.uint64(),
      data: fields.bytes(),
    }),
  ],
  [7, byPath('lstat')],
  [8, byHandle('fstat')],
  [9, (id, fields) => ({ kind: 'setstat', id, path: fields.text(), attributes: attrs(fields) })],
  [
    10,
    (id, fields) => ({ kind: 'fsetstat', id, handle: fields.handle(), attributes: attrs(fields) }),
  ],
  [11, byPath('opendir')],
  [12, byHandle('readdir')],
  [13, byPath('remove')],
  [14, byPath('mkdir')],
  [15, byPath('rmdir')],
  [16, byPath('realpath')],
  [17, byPath('stat')],
  [18, (id, fields) => rename(id, fields, false)],
  [19, byPath('readlink')],
  [20, (id) => ({ kind: 'symlink', id })],
  [200, extended],
])

/** Reads one packet (without its length field). Never throws. */
export function parseSftpRequest(packet: Uint8Array): Outcome<SftpRequest, SftpFault> {
  const [type = 0] = packet
  const fields = new FieldReader(packet, 1)
  const first = fields.uint32()
  const read = READERS.get(type)
  const request: SftpRequest =
    type === INIT
      ? { kind: 'init', version: first }
      : (read?.(first, fields) ?? { kind: 'unknown', id: first, what: `request ${type}` })
  return fields.valid ? ok(request) : fail({ kind: 'malformed', type })
}

function extended(id: number, fields: FieldReader): SftpRequest {
  const name = fields.text()
  switch (name) {
    case 'posix-rename@openssh.com':
      return rename(id, fields, true)
    case 'fsync@openssh.com':
      return { kind: 'fsync', id, handle: fields.handle() }
    case 'hardlink@openssh.com':
      return { kind: 'symlink', id }
    default:
      return { kind: 'unknown', id, what: name }
  }
}

function rename(id: number, fields: FieldReader, replaces: boolean): SftpRequest {
  return { kind: 'rename', id, from: fields.text(), to: fields.text(), replaces }
}

function openFlags(fields: FieldReader): SftpOpenFlags {
  const bits = fields.uint32()
  return {
    read: (bits & OPEN.read) !== 0,
    write: (bits & OPEN.write) !== 0,
    append: (bits & OPEN.append) !== 0,
    create: (bits & OPEN.create) !== 0,
    truncate: (bits & OPEN.truncate) !== 0,
    exclusive: (bits & OPEN.exclusive) !== 0,
  }
}

/** Owner and extended attributes are read over: nothing here keeps them. */
function attrs(fields: FieldReader): SftpAttributes {
  const flags = fields.uint32()
  const size = (flags & ATTR.size) === 0 ? undefined : fields.uint64()
  if ((flags & ATTR.owner) !== 0) fields.skip(8)
  const mode = (flags & ATTR.mode) === 0 ? undefined : fields.uint32()
  if ((flags & ATTR.times) === 0) return { size, mode, mtime: undefined }
  fields.skip(4)
  return { size, mode, mtime: fields.uint32() }
}
