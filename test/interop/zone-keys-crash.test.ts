import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '#adapters/system/index.ts'
import { lockZoneKeys, readSigningKeys, readZoneKeys } from '#adapters/zone-keys/index.ts'
import { toSeconds } from '#base/time.ts'
import { keyStateAt } from '#core/dnssec/index.ts'
import { printSnapshot } from '#core/zone/index.ts'
import { freePort } from '../../dev/demo/layout.ts'
import { CVDNET, Running } from '../support/cvdnet.ts'
import { eventually, run } from '../support/run.ts'
import { aSnapshot } from '../support/zone.ts'

/** Commands on one folder of keys, at once and killed, as real processes. */
const ZONE = 'clamav.example'
const KILLING = ['--import', join(import.meta.dirname, '..', 'support', 'kill-at.ts')]
/** More than any of the commands has. */
const STEPS_MAX = 60

async function world() {
  const { path, remove } = await mkdtempDisposable(join(tmpdir(), 'cvdnet-zone-keys-crash-'))
  const metrics = await freePort(['127.0.0.1'])
  const config = join(path, 'cvdnet.toml')
  await writeFile(
    config,
    `zone = "${ZONE}"
[metrics]
port = ${metrics}
[dns]
hosts = ["127.0.0.1"]
port = 0
snapshot = "zone.json"
[dns.dnssec]
keys = "keys"
`,
  )
  const heardAt = toSeconds(systemClock.now())
  await writeFile(join(path, 'zone.json'), printSnapshot(aSnapshot({ heardAt })))
  const keys = join(path, 'keys')
  const command = (args: readonly string[]) => [CVDNET, 'dns-key', ...args, '--config', config]
  return {
    config,
    keys,
    metrics,
    cvdnet: (...args: readonly string[]) => run(process.execPath, command(args)),
    killedAt: (step: number, ...args: readonly string[]) =>
      run(process.execPath, [...KILLING, ...command(args)], { env: { KILL_AT: String(step) } }),
    stoppedAt: (call: string, ...args: readonly string[]) => {
      const pid = Promise.withResolvers<number>()
      const env = { KILL_AT: call, KILL_WITH: 'SIGSTOP' }
      const onStart = (child: ChildProcess) => pid.resolve(child.pid ?? 0)
      const ended = run(process.execPath, [...KILLING, ...command(args)], { env, onStart })
      return { pid: pid.promise, ended }
    },
    states: async () => {
      const now = toSeconds(systemClock.now())
      return (await readZoneKeys(keys, ZONE)).map((key) => ({
        tag: key.tag,
        state: keyStateAt(key, now),
      }))
    },
    [Symbol.asyncDispose]: remove,
  }
}

type World = Awaited<ReturnType<typeof world>>

async function activeTags(it: World): Promise<readonly number[]> {
  return (await it.states()).filter(({ state }) => state === 'active').map(({ tag }) => tag)
}

test('of six commands at once that make a key, one makes the first, and none is lost', async () => {
  await using it = await world()
  const ends = await Promise.all(Array.from({ length: 6 }, () => it.cvdnet('new')))
  for (const { status, all } of ends) assert.equal(status, 0, all)
  const states = await it.states()
  assert.deepEqual(states.map(({ state }) => state).toSorted(), [
    'active',
    ...Array.from({ length: 5 }, () => 'standby'),
  ])
  assert.equal(ends.filter(({ out }) => / is active, in /.test(out)).length, 1)
  // Each is to sign in the place of whichever signs then.
  const standby = states.filter(({ state }) => state === 'standby').map(({ tag }) => String(tag))
  const acts = await Promise.all(standby.map((tag) => it.cvdnet('activate', tag, '--force')))
  for (const { status, all } of acts) assert.equal(status, 0, all)
  assert.equal((await activeTags(it)).length, 1)
})

test('a command that stands still between reading and writing keeps the next one out, not for ever', async () => {
  await using it = await world()
  const first = it.stoppedAt('^rename .*\\.private$', 'new')
  const pid = await first.pid
  try {
    await eventually(async () => {
      assert.match(await readFile(`/proc/${pid}/stat`, 'utf8'), /\) T /)
    })
    const second = await it.cvdnet('new')
    assert.equal(second.status, 1, second.all)
    assert.match(second.err, new RegExp(`"cvdnet dns-key new" does, process ${pid} on`))
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  const { status, all } = await first.ended
  assert.equal(status, 0, all)
  assert.equal((await it.cvdnet('new')).status, 0)
  assert.equal((await it.states()).length, 2)
  assert.equal((await activeTags(it)).length, 1)
})

test('who finds the folder locked waits, and says after a while who has it; reading goes on', async () => {
  await using it = await world()
  const lock = await lockZoneKeys(it.keys, 'a test', systemClock.now())
  const refused = await it.cvdnet('new')
  assert.equal(refused.status, 1)
  assert.match(
    refused.err,
    /^cvdnet: Cannot change the keys in ".*keys": "a test" does, process \d+ on .* since 20\S+Z; nothing more was changed\n$/,
  )
  assert.ok(refused.err.includes(`process ${process.pid} on`))
  assert.equal((await it.cvdnet('list')).status, 0)
  assert.deepEqual(await it.states(), [])
  const waiting = it.cvdnet('new')
  // Long enough for it to find the lock, much less than it waits.
  await wait(1000)
  await lock[Symbol.asyncDispose]()
  assert.equal((await waiting).status, 0)
  assert.equal((await activeTags(it)).length, 1)
})

/** Kills the command at each of its steps in turn, until one run of it comes to its end. */
async function killedAtEachStep(
  it: World,
  args: () => Promise<readonly string[]>,
  afterKill: (step: number, args: readonly string[]) => Promise<void>,
): Promise<number> {
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const wanted = await args()
    const end = await it.killedAt(step, ...wanted)
    if (end.status === 0) return step
    assert.equal(end.status, null, `step ${step}: ${end.all}`)
    await afterKill(step, wanted)
  }
  assert.fail(`not done after ${STEPS_MAX} steps`)
}

/** What `/dns` says of the keys. */
function statesIn(json: string): readonly string[] {
  const keys: readonly { tag: number; state: string }[] = JSON.parse(json).dnssec.keys
  return keys.map(({ tag, state }) => `${tag} ${state}`).toSorted()
}

test('a command killed at any step leaves keys that the next one and a running node read', async () => {
  await using it = await world()
  assert.equal((await it.cvdnet('new')).status, 0)
  await using node = new Running(it.config)
  await node.says(/UDP/)

  const signing = () => readSigningKeys(it.keys, ZONE, toSeconds(systemClock.now()))
  const made = await killedAtEachStep(
    it,
    async () => ['new'],
    async (step) => {
      await signing()
      const list = await it.cvdnet('list')
      assert.equal(list.status, 0, `new, step ${step}: ${list.all}`)
      assert.equal((await activeTags(it)).length, 1, `new, step ${step}`)
    },
  )
  assert.ok(made > 8, `${made} steps`)

  const twoActive: number[] = []
  const activated = await killedAtEachStep(
    it,
    async () => {
      const other = (await it.states()).find(({ state }) => state !== 'active')
      return ['activate', String(other?.tag), '--force']
    },
    async (step, args) => {
      await signing()
      const tag = Number(args[1])
      const active = await activeTags(it)
      assert.ok(active.length > 0, `activate, step ${step}`)
      if (active.length === 2) twoActive.push(step)
      const again = await it.cvdnet(...args)
      const done = active.length === 1 && active[0] === tag
      assert.equal(again.status, done ? 1 : 0, `activate, step ${step}: ${again.all}`)
      assert.deepEqual(await activeTags(it), [tag], `activate, step ${step}`)
    },
  )
  assert.ok(activated > 12, `${activated} steps`)
  assert.ok(twoActive.length > 0, 'it was killed between the two files, too')

  const wanted = (await it.states()).map(({ tag, state }) => `${tag} ${state}`).toSorted()
  await eventually(async () => {
    const answer = await fetch(`http://127.0.0.1:${it.metrics}/dns`)
    assert.deepEqual(statesIn(await answer.text()), wanted)
  })
  assert.doesNotMatch(node.said, /Cannot|the keys before stay/)
  assert.equal(node.child.exitCode, null)

  // And one that starts now reads them, whatever lies beside them.
  const besides = (await readdir(it.keys)).filter((name) => !name.endsWith('.private'))
  assert.ok(besides.length > 1, besides.join())
  await node.end('SIGTERM')
  await using next = new Running(it.config)
  await next.says(/UDP/)
  next.child.kill('SIGTERM')
  await once(next.child, 'exit')
  assert.equal(next.child.exitCode, 0, next.said)
})
