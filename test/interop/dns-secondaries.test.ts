import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '#adapters/system/index.ts'
import { toSeconds } from '#base/time.ts'
import type { ZoneSnapshot } from '#core/zone/index.ts'
import { dnsName } from '#formats/dns-message/index.ts'
import { startDns, ZoneFeed } from '#roles/dns/index.ts'
import { freePort } from '../../dev/demo/layout.ts'
import { down } from '../support/candidates.ts'
import { dnsOptions } from '../support/dns-options.ts'
import { run, without } from '../support/run.ts'
import { BIND, KEY, KNOT, NSD, type Program } from '../support/secondaries.ts'
import { aSnapshot } from '../support/zone.ts'

/** Real secondaries take the zone from us, signed, and hear of changes by NOTIFY. */
const HEARD_WITHIN_MS = 8_000

async function withSecondary(
  program: Program,
  hasWrongKey: boolean,
  work: (world: {
    readonly feed: ZoneFeed
    readonly dig: (...args: readonly string[]) => Promise<string>
    readonly primary: (...args: readonly string[]) => Promise<string>
    /** For dig's `-y`. */
    readonly key: string
    /** All that the secondary has logged. */
    readonly said: () => string
    /** Starts the secondary again, without us. */
    readonly aloneAgain: () => Promise<void>
  }) => Promise<void>,
): Promise<void> {
  await using holding = new AsyncDisposableStack()
  const { path: folder } = holding.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-2nd-')))
  const port = await freePort([program.host])
  const secret = randomBytes(32).toString('base64')
  const feed = new ZoneFeed()
  feed.offer(fresh(42))
  const key = {
    name: dnsName(KEY),
    algorithm: 'hmac-sha256',
    secret: Uint8Array.from(Buffer.from(secret, 'base64')),
  } as const
  const node = holding.use(
    await startDns(
      dnsOptions({
        source: feed,
        lastSnapshot: join(folder, 'last.json'),
        secondaries: [{ host: program.host, port, key }],
      }),
    ),
  )
  const ours = node.listeners[0]?.port ?? 0
  const secondarySecret = hasWrongKey ? randomBytes(32).toString('base64') : secret
  const place = { folder, port, ours, secret: secondarySecret }
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'conf'), program.conf(place))
  let said = ''
  const start = () => {
    const child = spawn(program.path, program.args(place), { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        said += text
      })
    }
    const ended = once(child, 'exit')
    return async () => {
      child.kill('SIGTERM')
      await ended
    }
  }
  let end = start()
  holding.defer(() => end())
  const digAt = async (host: string, at: number, args: readonly string[]) => {
    const base = [`@${host}`, '-p', String(at), '+norecurse', '+time=2', '+tries=1']
    return (await run('dig', [...base, ...args])).out
  }
  try {
    await work({
      feed,
      dig: (...args) => digAt(program.host, port, args),
      primary: (...args) => digAt('127.0.0.1', ours, args),
      key: `hmac-sha256:${KEY}:${secret}`,
      said: () => said,
      aloneAgain: async () => {
        await end()
        await node[Symbol.asyncDispose]()
        end = start()
      },
    })
  } catch (error) {
    throw new Error(`${program.path} said:\n${said}`, { cause: error })
  }
}

function fresh(serial: number, more: Partial<ZoneSnapshot> = {}): ZoneSnapshot {
  return aSnapshot({ serial, heardAt: toSeconds(systemClock.now()), ...more })
}

/** In any order, and without the time of an update record: in a copy it moves in larger steps. */
function linesOf(answer: string): readonly string[] {
  return answer
    .replace(/:\d{10}:/, ':TIME:')
    .split('\n')
    .toSorted()
}

async function until(isTrue: () => Promise<boolean>): Promise<boolean> {
  for (let waited = 0; waited < HEARD_WITHIN_MS; waited += 100) {
    if (await isTrue()) return true
    await wait(100)
  }
  return false
}

for (const [name, program] of [
  ['BIND', BIND],
  ['NSD', NSD],
  ['Knot', KNOT],
] as const) {
  const skip = without('dig', program.path.slice('/usr/sbin/'.length))

  test(`${name} takes the zone, hears of changes, and takes only those`, { skip }, async () => {
    await withSecondary(program, false, async ({ feed, dig, primary }) => {
      const has = (serial: number) => async () =>
        (await dig('+short', 'SOA', 'clamav.example')).includes(` ${serial} `)
      assert.ok(await until(has(42)), 'the first transfer')
      for (const question of [
        ['TXT', 'current.cvd.clamav.example'],
        ['NS', 'clamav.example'],
        ['CAA', 'clamav.example'],
        ['A', 'm3.clamav.example'],
        ['AAAA', 'db.asia.clamav.example'],
        ['A', 'rsync.clamav.example'],
      ]) {
        const [theirs, ours] = [
          await dig('+short', ...question),
          await primary('+short', ...question),
        ]
        assert.notEqual(theirs, '', question.join(' '))
        assert.deepEqual(linesOf(theirs), linesOf(ours))
      }
      assert.match(await dig('nothing.clamav.example'), /NXDOMAIN/)
      assert.equal(
        (await dig('+short', 'A', 'database.clamav.example')).trim().split('\n').length,
        8,
      )
      const mirrors = fresh(43).mirrors.map((mirror) =>
        mirror.name === 'm9' ? down('m9', 'JP') : mirror,
      )
      feed.offer(fresh(43, { mirrors }))
      assert.ok(await until(has(43)), 'the change')
      assert.equal((await dig('+short', 'A', 'db.asia.clamav.example')).trim(), '192.0.0.10')
    })
  })
}

test('dig sees the changes alone in an IXFR, the whole zone in an AXFR, and neither unsigned', {
  skip: without('dig', 'nsd'),
}, async () => {
  await withSecondary(NSD, false, async ({ feed, dig, primary, key }) => {
    const has = (ask: typeof dig, serial: number) => async () =>
      (await ask('+short', 'SOA', 'clamav.example')).includes(` ${serial} `)
    assert.ok(await until(has(dig, 42)))
    feed.offer(fresh(43, { masters: fresh(43).masters.slice(0, 1) }))
    assert.ok(await until(has(dig, 43)))
    const records = (text: string) => text.split('\n').filter((line) => /\sIN\s/.test(line))
    const changes = records(await primary('-y', key, '+onesoa', 'IXFR=42', 'clamav.example'))
    const gone = changes.filter((line) => line.includes('198.51.100.102'))
    assert.deepEqual(gone.map((line) => line.split(/\s+/)[0]).toSorted(), [
      'rsync.clamav.example.',
      'rsync2.clamav.example.',
    ])
    const zone = records(await primary('-y', key, 'AXFR', 'clamav.example'))
    assert.ok(zone.length > 500 && changes.length < zone.length)
    assert.equal(zone.filter((line) => line.includes('198.51.100.102')).length, 0)
    assert.equal(records(await primary('-y', key, 'IXFR=43', 'clamav.example')).length, 1)
    const wrong = key.replace(/.{4}$/, 'AAA=')
    for (const args of [[], ['-y', wrong]]) {
      assert.match(await primary(...args, 'AXFR', 'clamav.example'), /Transfer failed/)
      assert.match(await primary(...args, 'IXFR=42', 'clamav.example'), /Transfer failed/)
    }
    const unknown = key.replace(KEY, 'nobody.clamav.example')
    for (const [bad, error] of [
      [wrong, 'BADSIG'],
      [unknown, 'BADKEY'],
    ] as const) {
      for (const way of ['+notcp', '+tcp']) {
        const answer = await primary('-y', bad, way, 'SOA', 'clamav.example')
        assert.match(answer, /status: NOTAUTH/)
        assert.match(answer, new RegExp(`hmac-sha256\\. \\d+ 300 0 +\\d+ ${error} 0`), way)
      }
    }
  })
})

test('BIND takes changes by IXFR, and answers when it was started again without us', {
  skip: without('dig', 'named'),
}, async () => {
  await withSecondary(BIND, false, async ({ feed, dig, said, aloneAgain }) => {
    const has = (serial: number) => async () =>
      (await dig('+short', 'SOA', 'clamav.example')).includes(` ${serial} `)
    assert.ok(await until(has(42)))
    assert.match(said(), /: Transfer status: success/)
    assert.match(said(), /TSIG 'transfer\.clamav\.example'/)
    feed.offer(fresh(43, { masters: fresh(43).masters.slice(0, 1) }))
    assert.ok(await until(has(43)))
    const records = [...said().matchAll(/Transfer completed: \d+ messages, (\d+) records/g)]
    const [whole = 0, changes = 0] = records.map(([, count]) => Number(count))
    assert.ok(whole > 500 && changes > 0 && changes < whole, `${whole} records, then ${changes}`)
    await aloneAgain()
    assert.ok(await until(has(43)), 'from its own file')
    assert.equal((await dig('+short', 'A', 'rsync.clamav.example')).trim(), '192.0.2.101')
  })
})

test('BIND with another key gets nothing', { skip: without('dig', 'named') }, async () => {
  await withSecondary(BIND, true, async ({ dig, said }) => {
    const isRefused = async () => /tsig (indicates error|verify failure)|NOTAUTH/i.test(said())
    assert.ok(await until(isRefused), said())
    assert.match(await dig('SOA', 'clamav.example'), /status: SERVFAIL/)
  })
})
