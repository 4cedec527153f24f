import assert from 'node:assert/strict'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CVDNET } from '../../test/support/cvdnet.ts'
import { run } from '../../test/support/run.ts'

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAG2rU3Q+pMvYu4wUCRv88bNZRncs15GyPE7ZzZoeX9V'
const GOOD = ['--address', '193.0.6.1', '--country', 'de', '--bandwidth', '100']

/** A network whose master never ran: the registry is all that there is. */
async function registry() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-registry-'))
  const at = (name: string) => join(folder.path, name)
  await writeFile(at('cvdnet.toml'), 'zone = "clamav.test"\nstate = "."\n[master]\n')
  const cvdnet = (...args: readonly string[]) =>
    run(process.execPath, [CVDNET, ...args], { cwd: folder.path })
  return {
    at,
    mirror: (verb: string, ...args: readonly string[]) => cvdnet('mirror', verb, ...args),
    sigmaker: (verb: string, ...args: readonly string[]) => cvdnet('sigmaker', verb, ...args),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

test('0 done, 1 refused with every reason, 2 wrong use, 3 the world failed', async () => {
  await using it = await registry()
  const added = await it.mirror('add', 'fra1', ...GOOD, '--json')
  assert.deepEqual([added.status, JSON.parse(added.out).stage], [0, 'applied'], added.all)
  const bad = await it.mirror('add', 'Fra2', '--address', '10.0.0.1', '--country', 'zz')
  assert.equal(bad.status, 1)
  for (const field of [
    'name wants',
    '"10.0.0.1" is private',
    'country wants',
    'bandwidthMbit is',
  ]) {
    assert.ok(bad.err.includes(field), bad.err)
  }
  assert.equal((await it.mirror('show', 'fra9')).status, 1)
  for (const wrong of [
    ['refuse', 'fra1'],
    ['pause', 'fra1', '--reason', 'x'],
    ['pause', 'fra1', '--reason', 'x', '--until', 'tomorrow'],
    ['pause', 'fra1', '--reason', 'x', '--until', '2026-13-01T00:00Z'],
    ['new-host-key', 'fra1'],
    ['new-host-key', 'fra1', '--key', 'no key'],
    ['move-address', 'fra1', '--reason', 'x'],
    ['limit', 'fra1'],
    ['limit', 'fra1', '--push-window', '25:00-01:00'],
    ['limit', 'fra1', '--push-kbit', '0'],
    ['list', '--stage', 'famous'],
    ['join', 'kit', '--fingerprint', 'abc'],
  ] as const) {
    const [verb, ...args] = wrong
    const ended = await it.mirror(verb, ...args)
    assert.equal(ended.status, 2, `${wrong.join(' ')}: ${ended.all}`)
  }
  assert.equal((await it.mirror('list', '--config', it.at('gone.toml'))).status, 3)
  assert.equal((await it.mirror('join', it.at('gone'))).status, 1)
  assert.match((await it.mirror('list')).out, /^MIRROR {2}STAGE .*\nfra1 {4}applied /)
})

test('an application is a stranger’s file: whatever is in it, the answer is words', async () => {
  await using it = await registry()
  for (const [text, reason] of [
    ['not json', /is no application/],
    ['[]', /is no application/],
    [`"${'x'.repeat(70_000)}"`, /is no application/],
    ['{"stage":"listed"}', /stage is no field of an application/],
    ['{"name":"\\u001b[2J","addresses":["<script>"]}', /name wants/],
    ['{"__proto__":{"x":1},"name":{}}', /name wants/],
  ] as const) {
    await writeFile(it.at('a.json'), text)
    const ended = await it.mirror('add', '--application', it.at('a.json'))
    assert.equal(ended.status, 1, ended.all)
    assert.match(ended.err, reason)
    assert.doesNotMatch(ended.err.replaceAll('\n', ''), /\p{Cc}/u)
  }
})

test('two of the team at once lose nothing, and each is told what came of it', async () => {
  await using it = await registry()
  await it.mirror('add', 'fra1', ...GOOD)
  const both = await Promise.all([
    it.mirror('refuse', 'fra1', '--reason', 'one'),
    it.mirror('refuse', 'fra1', '--reason', 'two'),
  ])
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [0, 1])
  assert.match(both.map(({ err }) => err).join(''), /"fra1" was refused; that was said already/)
  const { journal } = JSON.parse((await it.mirror('show', 'fra1', '--json')).out)
  assert.equal(journal.length, 2)
})

test('a sigmaker of the settings is not removed, because he would come back', async () => {
  await using it = await registry()
  assert.equal((await it.sigmaker('add', 'alice', '--key', KEY, '--database', 'acme')).status, 0)
  const again = await it.sigmaker('add', 'alice', '--key', KEY, '--database', 'acme')
  assert.match(again.err, /there is a sigmaker "alice" already/)
  await writeFile(
    it.at('cvdnet.toml'),
    `zone = "clamav.test"\nstate = "."\n[master]\n[[master.sigmakers]]\nname = "alice"\nkey = "${KEY}"\ndatabases = "*"\n`,
  )
  const kept = await it.sigmaker('remove', 'alice', '--reason', 'left')
  assert.equal(kept.status, 1)
  assert.match(kept.err, /take him out first/)
  assert.equal((await it.sigmaker('list', '--json')).out.includes('acme'), true)
})

test('what is not said of the limits of a push stays, and the journal has who said what', async () => {
  await using it = await registry()
  await it.mirror('add', 'fra1', ...GOOD)
  const first = await it.mirror('limit', 'fra1', '--push-window', '22:30-06:00')
  assert.match(first.out, /pushed to 22:30-06:00 UTC\nas fast as its line/, first.all)
  const second = await it.mirror('limit', 'fra1', '--push-kbit', '10000', '--reason', 'shared line')
  assert.match(second.out, /pushed to 22:30-06:00 UTC\nat 10000 kbit\/s at most\nNext: .* kit fra1/)
  const { push, journal } = JSON.parse((await it.mirror('show', 'fra1', '--json')).out)
  assert.deepEqual(push, { bandwidthKbit: 10_000, window: { from: 1350, until: 360 } })
  assert.deepEqual(journal[0].why, ['at 10000 kbit/s at most', 'shared line'])
  const none = await it.mirror('limit', 'fra1', '--push-window', 'none', '--push-kbit', 'none')
  assert.match(none.out, /pushed to at any time\nas fast as its line/)
})
