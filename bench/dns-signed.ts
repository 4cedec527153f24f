/**
 * What signatures cost a name server, in one process and for a second of the processor: answers with what was signed before
 * against the same answers without signatures, and answers that need a new signature against the signature alone.
 *
 *     node bench/dns-signed.ts [SECONDS]
 */
import { generateKeyPairSync, sign } from 'node:crypto'
import { Responder, UDP_BYTES_MAX } from '#adapters/dns/index.ts'
import { query } from '../test/support/dns-client.ts'
import { PEER } from '../test/support/responder.ts'
import { aSetup, NOW } from '../test/support/zone.ts'
import { aZoneKey } from '../test/support/zone-keys.ts'
import { benchSnapshot } from './dns-zone.ts'

const [seconds = 2] = process.argv.slice(2).map(Number)
const keys = [aZoneKey(1, { published: NOW, activated: NOW })]
const snapshot = benchSnapshot(32)
const dnssec = { keys, signaturesPerSecond: 1_000_000 }
const responder = new Responder(aSetup({ snapshot, dnssec }))
const out = Buffer.alloc(UDP_BYTES_MAX)
const KNOWN = [
  ['current.cvd.clamav.example', 'TXT'],
  ['database.clamav.example', 'A'],
  ['database.clamav.example', 'AAAA'],
  ['db.de.clamav.example', 'A'],
] as const

function questions(dnssecOk: boolean): readonly Buffer[] {
  return KNOWN.map(([name, type]) => query(name, type, { dnssecOk }))
}

/** How often a second of the processor. */
function perSecond(work: (turn: number) => void): number {
  for (let turn = 0; turn < 2000; turn += 1) work(turn)
  const start = process.cpuUsage()
  let turn = 2000
  for (;;) {
    for (let time = 0; time < 100; time += 1) work(turn++)
    const { user, system } = process.cpuUsage(start)
    if (user + system >= seconds * 1e6) return ((turn - 2000) * 1e6) / (user + system)
  }
}

function answers(all: readonly Buffer[]): number {
  return perSecond((turn) => {
    const message = all[turn % all.length] ?? Buffer.alloc(0)
    responder.respond(message, message.byteLength, PEER, 'udp', NOW * 1000 + turn / 100, out)
  })
}

const plain = answers(questions(false))
const signed = answers(questions(true))
const random = query('nnnnnnnnnn.clamav.example', 'A', { dnssecOk: true })
const fresh = perSecond((turn) => {
  random.write(String(turn).padStart(10, 'n'), 13, 'latin1')
  responder.respond(random, random.byteLength, PEER, 'udp', NOW * 1000, out)
})
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const data = Buffer.alloc(200)
const alone = perSecond((turn) => {
  data.writeUInt32BE(turn)
  sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
})
const say = (title: string, ours: number, theirs: number) =>
  console.log(
    `${title}: ratio ${(ours / theirs).toFixed(2)}; ${ours.toFixed(0)} against ${theirs.toFixed(0)} a second`,
  )
say('signed answers to known names, against unsigned ones', signed, plain)
say('signed denials of new names, against the signature alone', fresh, alone)
