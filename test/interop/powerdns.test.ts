import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { parseIpPrefix } from '#base/ip-address.ts'
import type { ZoneSnapshot } from '#core/zone/index.ts'
import { startDns, ZoneFeed } from '#roles/dns/index.ts'
import { freePort } from '../../dev/demo/layout.ts'
import { dnsOptions } from '../support/dns-options.ts'
import { run, without } from '../support/run.ts'
import { aSnapshot } from '../support/zone.ts'

/** Debian's PowerDNS with our backend beside our own server: same questions, same answers. */
const HAS_BACKEND = globSync('/usr/lib/*/pdns/libremotebackend.so').length > 0
const skip =
  without('dig', 'pdns_server') || (HAS_BACKEND ? false : 'not installed: pdns-backend-remote')

const OVERRIDES = ['127.0.0.1/32 DE', '127.0.0.2/32 US'].flatMap((line) => {
  const [text = '', country = ''] = line.split(' ')
  const prefix = parseIpPrefix(text)
  return prefix === undefined ? [] : [{ prefix, country }]
})

async function both() {
  await using starting = new AsyncDisposableStack()
  const { path: folder } = starting.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-pdns-')))
  const feed = new ZoneFeed()
  feed.offer(aSnapshot())
  const backend = await freePort(['127.0.0.1'])
  const node = starting.use(
    await startDns(
      dnsOptions({
        source: feed,
        lastSnapshot: join(folder, 'last.json'),
        overrides: OVERRIDES,
        powerDns: { host: '127.0.0.1', port: backend },
      }),
    ),
  )
  const port = await freePort(['127.0.0.1'])
  const child = spawn(
    '/usr/sbin/pdns_server',
    [
      ...['--no-config', '--launch=remote', '--daemon=no', '--guardian=no', '--disable-syslog=yes'],
      `--remote-connection-string=http:url=http://127.0.0.1:${backend}/dns`,
      ...['--local-address=127.0.0.1', `--local-port=${port}`, `--socket-dir=${folder}`],
      ...['--cache-ttl=0', '--query-cache-ttl=0', '--negquery-cache-ttl=0'],
      ...['--zone-cache-refresh-interval=0', '--security-poll-suffix=', '--any-to-tcp=no'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      said += text
    })
  }
  const ended = once(child, 'exit')
  starting.defer(async () => {
    child.kill('SIGTERM')
    await ended
  })
  const digAt = async (at: number, args: readonly string[]) => {
    const base = ['@127.0.0.1', '-p', String(at), '+norecurse', '+time=2', '+tries=1']
    return (await run('dig', [...base, ...args])).out
  }
  const theirs = (...args: readonly string[]) => digAt(port, args)
  for (let tries = 0; tries < 50; tries += 1) {
    // Dig tells of a server that is not there yet in lines of its own.
    if (/^[^;]/.test(await theirs('+short', 'SOA', 'clamav.example'))) break
    assert.equal(child.exitCode, null, said)
    await wait(100)
  }
  const running = starting.move()
  return {
    theirs,
    ours: (...args: readonly string[]) => digAt(node.listeners[0]?.port ?? 0, args),
    async answerFrom(snapshot: ZoneSnapshot) {
      feed.offer(snapshot)
      for (let tries = 0; tries < 50 && node.snapshot().serial !== snapshot.serial; tries += 1) {
        await wait(20)
      }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

test('PowerDNS answers as we do, by client too, and follows a change at once', {
  skip,
}, async () => {
  await using at = await both()
  const sorted = (text: string) => text.trim().split('\n').toSorted()
  for (const question of [
    ['SOA', 'clamav.example'],
    ['NS', 'clamav.example'],
    ['CAA', 'clamav.example'],
    ['A', 'rsync.clamav.example'],
    ['AAAA', 'm3.clamav.example'],
    ['A', 'db.asia.clamav.example'],
    ['AAAA', 'db.de.clamav.example'],
    ['-b', '127.0.0.2', 'db.local.clamav.example'],
    ['CNAME', 'database.clamav.example'],
    ['-b', '127.0.0.2', 'CNAME', 'database.clamav.example'],
  ]) {
    const [theirs, ours] = [
      await at.theirs('+short', ...question),
      await at.ours('+short', ...question),
    ]
    assert.notEqual(theirs, '', question.join(' '))
    assert.deepEqual(sorted(theirs), sorted(ours), question.join(' '))
  }
  assert.match(
    await at.theirs('+short', 'TXT', 'current.cvd.clamav.example'),
    /^"1\.4\.6:63:27100:\d+:0:90:49192:339"\n$/,
  )
  const america = await at.theirs('+short', '-b', '127.0.0.2', 'database.clamav.example')
  assert.match(america, /^db\.america\.clamav\.example\.\n(?:192\.0\.0\.[678]\n){3}$/)
  assert.match(await at.theirs('nothing.clamav.example'), /status: NXDOMAIN/)
  assert.match(await at.theirs('MX', 'm3.clamav.example'), /status: NOERROR[\s\S]*ANSWER: 0/)
  const mirrors = aSnapshot().mirrors.filter(({ name }) => name !== 'm9')
  await at.answerFrom(aSnapshot({ serial: 43, mirrors }))
  assert.equal(await at.theirs('+short', 'db.asia.clamav.example'), '192.0.0.10\n')
})
