import assert from 'node:assert/strict'
import { mkdtempDisposable, readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startHttpServer, startHttpsServer } from '#adapters/http/index.ts'
import type { StatisticsPlace } from '#core/mirrors/index.ts'
import { totalsCodec } from '#core/statistics/index.ts'
import { flood, httpAnswer, rawMirror } from '../../../test/support/raw-mirror.ts'
import { without } from '../../../test/support/run.ts'
import { AUTHORITY, testCertificate } from '../../../test/support/test-ca.ts'
import { fetchTotals } from './totals.ts'

const signal = AbortSignal.timeout(60_000)
const DAYS = [{ day: '2026-11-23', bytes: 7, requests: 2, clients: 1 }]
const LOGIN = { user: 'fra1', password: 'of statistics' }
const SERVICE = {
  source: () => undefined,
  localFolder: '/nowhere',
  guarded: {
    ...LOGIN,
    page: (path: string) =>
      path === 'totals.json'
        ? { contentType: 'application/json', body: totalsCodec.print({ days: DAYS }) }
        : undefined,
  },
}

function plain(port: number, password = LOGIN.password): StatisticsPlace {
  return { kind: 'plain', host: '127.0.0.1', port, user: LOGIN.user, password }
}

test('our own server gives its totals to whoever has the login, and to nobody else', async () => {
  await using server = await startHttpServer({ ...SERVICE, host: '127.0.0.1', port: 0 })
  assert.deepEqual(await fetchTotals(plain(server.port), { signal }), { ok: true, value: DAYS })
  const wrong = await fetchTotals(plain(server.port, 'of rsync'), { signal })
  assert.deepEqual(wrong, { ok: false, fault: 'the answer is 401' })
})

test('over TLS the certificate must be of one of the names, and signed by who is trusted', {
  skip: without('openssl'),
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-totals-'))
  const authority = testCertificate(folder.path, 'CA', { extensions: AUTHORITY })
  const extensions = ['subjectAltName = DNS:fra1.clamav.test']
  const own = testCertificate(folder.path, 'mirror', { extensions, issuer: authority })
  await using server = await startHttpsServer({
    ...SERVICE,
    host: '127.0.0.1',
    port: 0,
    certificateFile: own.certificate,
    keyFile: own.key,
    onFault: assert.fail,
  })
  const authorities = await readFile(authority.certificate, 'utf8')
  const place = (...names: readonly string[]): StatisticsPlace => ({
    ...plain(server.port),
    kind: 'tls',
    names,
  })
  const all = place('fra.example', 'fra1.clamav.test')
  assert.deepEqual(await fetchTotals(all, { signal, authorities }), { ok: true, value: DAYS })
  const other = await fetchTotals(place('fra.example'), { signal, authorities })
  assert.match(other.ok ? '' : other.fault, /does not match/)
  const unknown = await fetchTotals(all, { signal })
  assert.match(unknown.ok ? '' : unknown.fault, /certificate/)
})

test('what is hostile is cut short, not followed, not believed', async () => {
  const asked: string[] = []
  let answer: (socket: Socket) => string | undefined = () => undefined
  await using mirror = await rawMirror((path, _, socket) => {
    asked.push(path)
    return answer(socket)
  })
  const reason = async (next: typeof answer) => {
    answer = next
    const end = await fetchTotals(plain(mirror.port), { signal })
    return end.ok ? 'believed' : end.fault
  }
  assert.match(await reason((socket) => flood(socket, '{')), /more than 16384 bytes/)
  const away = 'HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n'
  assert.equal(await reason(() => away), 'the answer is 302')
  assert.match(await reason(() => httpAnswer('<html>')), /JSON document/)
  assert.match(await reason(() => httpAnswer('{"days":[{"day":"x"}]}')), /days\[0\]\.day/)
  assert.deepEqual(new Set(asked), new Set(['/local_stats/totals.json']))
})
