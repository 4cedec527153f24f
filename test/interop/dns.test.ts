import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Responder, startBatchedServer, startTcpServer } from '#adapters/dns/index.ts'
import { parseIpPrefix } from '#base/ip-address.ts'
import { overrideTable } from '#core/places/index.ts'
import { freePort } from '../../dev/demo/layout.ts'
import { run, without } from '../support/run.ts'
import { startUnbound } from '../support/unbound.ts'
import { aSetup } from '../support/zone.ts'

/** What Debian's `dig` and `unbound` make of our answers. */
const skip = without('dig')

function setup() {
  const places = ['127.0.0.1/32 DE', '127.0.0.2/32 US'].flatMap((line) => {
    const [text = '', country = ''] = line.split(' ')
    const prefix = parseIpPrefix(text)
    return prefix === undefined ? [] : [{ prefix, country }]
  })
  return aSetup({ overrides: overrideTable(places), clientSubnet: true })
}

async function server() {
  await using starting = new AsyncDisposableStack()
  // The same for UDP and TCP, and none that outgoing connections are given.
  const port = await freePort(['127.0.0.1'])
  const udp = starting.use(await startBatchedServer({ host: '127.0.0.1', port }, setup()))
  starting.use(await startTcpServer({ host: '127.0.0.1', port: udp.port }, new Responder(setup())))
  const running = starting.move()
  const dig = async (...args: readonly string[]) => {
    const base = ['@127.0.0.1', '-p', String(udp.port), '+time=2', '+tries=1', '+norecurse']
    const { status, out, all } = await run('dig', [...base, ...args])
    assert.equal(status, 0, all)
    // What dig finds wrong with an answer it says in such lines.
    assert.doesNotMatch(out, /^;; (?:WARNING|Warning|Got bad packet|.*malformed)/m)
    return out
  }
  return { port: udp.port, dig, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

const SHORT: readonly (readonly [readonly string[], RegExp])[] = [
  [['TXT', 'current.cvd.clamav.example'], /^"1\.4\.6:63:27100:\d+:0:90:49192:339"\n$/],
  [['database.clamav.example'], /^db\.europe\.clamav\.example\.\n(?:192\.0\.0\.[1245]\n){3}$/],
  [
    ['-b', '127.0.0.2', 'database.clamav.example'],
    /^db\.america\.clamav\.example\.\n(?:192\.0\.0\.[678]\n){3}$/,
  ],
  [['AAAA', 'db.asia.clamav.example'], /^2001:db8::[9a]\n2001:db8::[9a]\n$/],
  [['+tcp', 'rsync.clamav.example'], /^(?:192\.0\.2\.101\n|198\.51\.100\.102\n){2}$/],
  [['+noedns', 'NS', 'clamav.example'], /^ns1\.clamav\.example\.\nns2\.clamav\.example\.\n$/],
  [
    ['SOA', 'clamav.example'],
    /^ns1\.clamav\.example\. hostmaster\.clamav\.example\. 42 3600 600 86400 60\n$/,
  ],
  [['CAA', 'clamav.example'], /^0 issue "ca\.example"\n$/],
]
for (const [args, expected] of SHORT) {
  test(`dig ${args.join(' ')} reads our answer`, { skip }, async () => {
    await using at = await server()
    assert.match(await at.dig('+short', ...args), expected)
  })
}

const STATUS: readonly (readonly [readonly string[], RegExp])[] = [
  [['nothing.cvd.clamav.example'], /status: NXDOMAIN[\s\S]*flags: qr aa;[\s\S]*\sSOA\s/],
  [['MX', 'clamav.example'], /status: NOERROR[\s\S]*ANSWER: 0, AUTHORITY: 1[\s\S]*\sSOA\s/],
  [['www.example.org'], /status: REFUSED[\s\S]*flags: qr;/],
  [['CH', 'TXT', 'version.bind'], /status: REFUSED/],
  [['+edns=1', '+noednsneg', 'clamav.example'], /status: BADVERS/],
  [['+opcode=4', '+noedns', 'clamav.example'], /status: NOTIMP/],
  [['ANY', 'clamav.example'], /status: NOERROR[\s\S]*HINFO\s+"RFC8482" ""/],
  [['AXFR', 'clamav.example'], /Transfer failed/],
  [['+cookie', 'clamav.example'], /COOKIE: [0-9a-f]{48} \(good\)/],
  [
    ['+subnet=127.0.0.2/32', 'database.clamav.example'],
    /CLIENT-SUBNET: 127\.0\.0\.2\/32\/32[\s\S]*db\.america/,
  ],
  [
    ['+subnet=127.0.0.2/32', 'TXT', 'current.cvd.clamav.example'],
    /CLIENT-SUBNET: 127\.0\.0\.2\/32\/0/,
  ],
  [
    ['+nsid', '+padding=128', '+dnssec', 'clamav.example'],
    /status: NOERROR[\s\S]*flags: do; udp: 1232/,
  ],
  [['RsYnC1.ClAmAv.ExAmPlE'], /^RsYnC1\.ClAmAv\.ExAmPlE\.\s+3600\s+IN\s+A\s+192\.0\.2\.101/m],
]
for (const [args, expected] of STATUS) {
  test(`dig ${args.join(' ')} sees ${expected.source.slice(0, 30)}`, { skip }, async () => {
    await using at = await server()
    assert.match(await at.dig(...args), expected)
  })
}

test('Unbound, asking label by label and with mixed case, finds every kind of name', {
  skip: skip || without('unbound'),
}, async () => {
  await using at = await server()
  await using unbound = await startUnbound(at.port, ['module-config: "iterator"'])
  const resolver = { dig: (...args: readonly string[]) => unbound.dig('+short', ...args) }
  assert.match(await resolver.dig('TXT', 'current.cvd.clamav.example'), /^"1\.4\.6:63/)
  assert.match(
    await resolver.dig('database.clamav.example'),
    /^db\.europe\.clamav\.example\.\n192\.0\.0/,
  )
  assert.match(await resolver.dig('db.jp.clamav.example'), /^192\.0\.0\.(?:9|10)\n/)
  assert.match(await resolver.dig('AAAA', 'db.europe.clamav.example'), /^2001:db8::/)
  assert.match(await resolver.dig('m1.clamav.example'), /^192\.0\.0\.1\n$/)
  assert.match(await resolver.dig('db.whatever.clamav.example'), /^192\.0\.0\./)
  assert.equal(await resolver.dig('nothing.cvd.clamav.example'), '')
  const masters = await resolver.dig('rsync.clamav.example')
  assert.deepEqual(masters.trim().split('\n').toSorted(), ['192.0.2.101', '198.51.100.102'])
})
