import { createHash } from 'node:crypto'
import { dbVersion, parseDbName } from '#base/names.ts'
import { epochSeconds } from '#base/time.ts'
import { type BuildKind, type BuildRequest, buildDatabase } from './build.ts'
import type { DatabaseKind } from './fault.ts'
import type { DatabaseSigner, DatabaseVerifier } from './verifier.ts'

/** For tests: a publisher whose signatures are sums with a secret, which are made and checked in no time. */
export function fakePublisher(publisher: string): DatabaseSigner & { verifier: DatabaseVerifier } {
  const sign = (part: string, digest: Uint8Array) =>
    createHash('sha256').update(`${publisher} ${part} `).update(digest).digest('hex')
  const header = (md5: Uint8Array) => sign('header', md5)
  const info = (sha256: Uint8Array) => sign('info', sha256)
  return {
    header,
    info,
    verifier: {
      publisher,
      header: (md5, text) => header(md5) === text,
      info: (sha256, text) => info(sha256) === text,
    },
  }
}

/** For tests: a small database. */
export function buildSmall(
  kind: DatabaseKind,
  signer: DatabaseSigner,
  change: Partial<BuildRequest> = {},
): Uint8Array {
  const name = parseDbName('small')
  const version = dbVersion(7)
  if (!name.ok || version === undefined) throw new Error('Cannot make the test database')
  const how: BuildKind = kind === 'cud' ? { kind } : { kind, signer }
  return buildDatabase({
    name: name.value,
    version,
    members: new Map([
      ['small.ndb', Buffer.from('Test.A:0:*:deadbeef\n'.repeat(40))],
      ['small.hdb', Buffer.from('d41d8cd98f00b204e9800998ecf8427e:12:Test.B\n')],
    ]),
    builder: 'tester',
    builtAt: epochSeconds(1_700_000_003),
    utcOffsetMinutes: 120,
    functionalityLevel: 90,
    signatures: 41,
    ...change,
    ...how,
  })
}

/** For tests: bytes as a stream, in pieces of one size. */
export async function* inPieces(bytes: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}
