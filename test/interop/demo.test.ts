import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempDisposable, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { NetworkJson } from '../../dev/demo/network-json.ts'
import { CVDNET, Running } from '../support/cvdnet.ts'
import { eventually, run, without } from '../support/run.ts'

const skip = without('ssh', 'rsync', 'setpriv', 'dig')

/** `cvdnet demo` as a reader of the README starts it. */
async function startDemo(folder: string) {
  const child = spawn(process.execPath, [CVDNET, 'demo', '--dir', folder, '--mirrors', '2'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  }
  await eventually(async () => {
    assert.equal(child.exitCode, null, said)
    assert.match(said, /Ctrl-C stops it/)
  }, 60_000)
  const pidOf = (node: string) => Number(new RegExp(`${node} .*pid (\\d+)`).exec(said)?.[1])
  const json: NetworkJson = JSON.parse(await readFile(join(folder, 'network.json'), 'utf8'))
  return {
    json,
    pidOf,
    said: () => said,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('a master that is killed by hand is covered for, and takes over what it missed when it is started again', {
  skip,
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-demo-'))
  const at = (...parts: readonly string[]) => join(folder.path, ...parts)
  const demo = await startDemo(folder.path)
  const nodes = ['rsync1', 'rsync2', 'mirror1', 'mirror2', 'watch'].map(demo.pidOf)
  {
    await using _ = demo
    const { dns, mirrors } = demo.json
    assert.ok(dns)
    await eventually(async () => {
      const args = [`@${dns.host}`, '-p', String(dns.port), '+short', 'TXT']
      const { out } = await run('dig', [...args, 'current.cvd.clamav.test'])
      assert.match(out, /^"1\.4\.6:/, 'the release is announced when the mirrors were seen')
    }, 60_000)
    process.kill(demo.pidOf('rsync1'), 'SIGKILL')
    const next = ['demo.cvd', 'demo.ndb', 'demo.set', 'demo.set.sig'].map((file) =>
      at('next', file),
    )
    const released = await run(process.execPath, [
      ...[CVDNET, 'release', ...next],
      ...['--network', at('network.json')],
    ])
    assert.equal(released.status, 0, released.all)
    assert.match(released.all, /rsync2: release by sigmaker/)
    assert.match(released.all, /2 of 2 mirrors serve it/)
    assert.match(demo.said(), /rsync1 ended \(SIGKILL\); start it again: /)
    await using again = new Running(at('rsync1', 'cvdnet.toml'))
    await again.says(/took over release 2 generation \d+ from rsync2/)
    for (const { host, httpPort } of mirrors) {
      const stamp = await (await fetch(`http://${host}:${httpPort}/timestamp`)).text()
      assert.match(stamp, /^serial 2 /m)
    }
  }
  await eventually(async () => assert.deepEqual(nodes.filter(isAlive), []))
})
