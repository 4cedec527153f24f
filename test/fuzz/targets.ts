import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Responder, TCP_BYTES_MAX, UDP_BYTES_MAX, ZoneTransfers } from '#adapters/dns/index.ts'
import { parseSnapshot, printSnapshot } from '#core/zone/index.ts'
import { parseLogLine, printLogLine } from '#formats/access-log/index.ts'
import {
  applyScript,
  composeScripts,
  diffMembers,
  MemoryFolder,
  parseCdiff,
  parseScript,
  unpackScript,
} from '#formats/cdiff/index.ts'
import { examineDatabase, IgnoredNames, parseInfo, SignatureCounter } from '#formats/cvd/index.ts'
import { dnsName, EDNS_OPTION, parseMessage, TsigSigner } from '#formats/dns-message/index.ts'
import { parsePublisherKeys } from '#formats/dsig/index.ts'
import { query } from '../support/dns-client.ts'
import { PEER, respond } from '../support/responder.ts'
import { aSetup, aSnapshot, NOW } from '../support/zone.ts'

/** What hostile bytes may meet. A target throws only when something of ours is wrong. */
export type Target = (bytes: Uint8Array) => Promise<void>

const CORPUS = join(import.meta.dirname, '..', 'corpus')
const REAL = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'clamav')

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function applied(bytes: Uint8Array): Promise<void> {
  const script = parseScript(bytes)
  if (!script.ok) return
  const folder = new MemoryFolder([['a.ndb', Buffer.from('one\ntwo\nthree\n')]], 5)
  await applyScript(script.value, folder)
  composeScripts(script.value, script.value, new Map([['a.ndb', 3]]))
}

/** The first half of the bytes becomes the second, if that can be said at all. */
async function diffed(bytes: Uint8Array): Promise<void> {
  const half = bytes.byteLength >>> 1
  const [old, fresh] = [bytes.subarray(0, half), bytes.subarray(half)]
  const setOf = (content: Uint8Array) => ({ names: ['f'], read: () => inOnePiece(content) })
  const made = await diffMembers(setOf(old), setOf(fresh))
  if (!made.ok) return
  const script = parseScript(made.value)
  assert.ok(script.ok, 'we read what we write')
  const folder = new MemoryFolder([['f', old]])
  const end = await applyScript(script.value, folder)
  assert.ok(end.ok, `we apply what we write: ${JSON.stringify(end)}`)
  assert.ok(Buffer.from(folder.members.get('f') ?? []).equals(fresh), 'and get what we wanted')
}

export const TARGETS: Readonly<Record<string, Target>> = {
  async patch(bytes) {
    const cdiff = parseCdiff(bytes)
    if (cdiff.ok) unpackScript(cdiff.value)
  },
  script: applied,
  diff: diffed,
  async database(bytes) {
    for (const kind of ['cvd', 'cld', 'cud'] as const) {
      await examineDatabase(inOnePiece(bytes), { kind, verifiers: [] })
    }
  },
  async info(bytes) {
    parseInfo(bytes)
  },
  async keys(bytes) {
    parsePublisherKeys(Buffer.from(bytes).toString())
  },
  async log(bytes) {
    for (const line of Buffer.from(bytes).toString('latin1').split('\n')) {
      const request = parseLogLine(line)
      if (request !== undefined) parseLogLine(printLogLine(request).trimEnd())
    }
  },
  /** A packet, as it comes by UDP and by TCP. */
  async packet(bytes) {
    const message = Buffer.from(bytes)
    parseMessage(message)
    for (const transport of ['udp', 'tcp'] as const) {
      const answer = respond(RESPONDER, message, { transport })
      assert.ok((answer?.byteLength ?? 0) <= (transport === 'udp' ? UDP_BYTES_MAX : TCP_BYTES_MAX))
    }
    TRANSFERS.answer(message, NOW)
  },
  async snapshot(bytes) {
    parseSnapshot(Buffer.from(bytes).toString())
  },
  async counter(bytes) {
    const engine = { level: 216, ignored: new IgnoredNames() }
    for (const member of ['a.ign2', 'a.hdb', 'a.ndb', 'a.ldb', 'a.cdb', 'a.pdb', 'a.idb', 'a.db']) {
      const counter = new SignatureCounter(member, engine)
      counter.push(bytes)
      counter.end()
    }
  },
}

const KEY = { name: dnsName('key.example'), algorithm: 'hmac-sha256', secret: PEER } as const
const RESPONDER = new Responder(aSetup({ clientSubnet: true, tsigKeys: [KEY] }))
const TRANSFERS = new ZoneTransfers(aSnapshot(), [KEY])

function packets(): readonly Uint8Array[] {
  const cookie = { code: EDNS_OPTION.COOKIE, bytes: new Uint8Array(24) }
  const subnet = { code: EDNS_OPTION.CLIENT_SUBNET, bytes: Uint8Array.of(0, 1, 24, 0, 192, 0, 2) }
  return [
    query('current.cvd.clamav.example', 'TXT'),
    query('database.clamav.example', 'A', { options: [cookie, subnet] }),
    new TsigSigner(KEY, undefined).sign(query('clamav.example', 'AXFR'), NOW),
    new TsigSigner(KEY, undefined).sign(query('clamav.example', 'SOA', {}), NOW),
  ]
}

/** Where mutations start: the corpus, and real files where they are. */
export function seedsOf(target: string): readonly Uint8Array[] {
  const real = existsSync(REAL) ? REAL : CORPUS
  const patterns: Readonly<Record<string, readonly string[]>> = {
    patch: [join(real, '*.cdiff')],
    script: [join(CORPUS, 'scripts', '*.script')],
    diff: [join(CORPUS, 'diffs', '*.txt')],
    database: [join(real, 'test-*.cvd')],
    log: [join(CORPUS, 'logs', '*.log')],
  }
  if (target === 'packet') return packets()
  if (target === 'snapshot') return [Buffer.from(printSnapshot(aSnapshot()))]
  const files = globSync(patterns[target] ?? [join(CORPUS, '*', '*')])
  return [Buffer.alloc(0), ...files.sort().map((file) => readFileSync(file))]
}
