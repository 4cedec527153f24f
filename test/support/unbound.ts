import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '../../dev/demo/layout.ts'
import { run } from './run.ts'

export interface Unbound extends AsyncDisposable {
  /** What dig prints when it asks this resolver. */
  readonly dig: (...args: readonly string[]) => Promise<string>
}

/** A real resolver that asks `clamav.example` at a port of ours, label by label. `server`: lines of its configuration. */
export async function startUnbound(forwardTo: number, server: readonly string[]): Promise<Unbound> {
  await using starting = new AsyncDisposableStack()
  const { path } = starting.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-unbound-')))
  // The same for UDP and TCP, and none that outgoing connections are given.
  const port = await freePort(['127.0.0.1'])
  const conf = join(path, 'unbound.conf')
  const lines = [
    `interface: 127.0.0.1@${port}`,
    ...['chroot: ""', 'username: ""', `directory: "${path}"`, `pidfile: ""`, 'use-syslog: no'],
    ...['do-daemonize: no', 'do-not-query-localhost: no', 'num-threads: 1'],
    ...['qname-minimisation: yes', 'qname-minimisation-strict: yes', 'use-caps-for-id: yes'],
    ...['harden-below-nxdomain: yes', 'local-zone: "example." nodefault', ...server],
  ].map((line) => `  ${line}\n`)
  const stub = `stub-zone:\n  name: "clamav.example"\n  stub-addr: 127.0.0.1@${forwardTo}\n`
  const text = `server:\n${lines.join('')}${stub}remote-control:\n  control-enable: no\n`
  await writeFile(conf, text)
  const child = spawn('/usr/sbin/unbound', ['-d', '-c', conf], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (text) => {
    said += text
  })
  const ended = once(child, 'exit')
  starting.defer(async () => {
    child.kill('SIGTERM')
    await ended
  })
  const dig = async (...args: readonly string[]) => {
    const base = ['@127.0.0.1', '-p', String(port), '+time=3', '+tries=2']
    const { out } = await run('dig', [...base, ...args])
    return out
  }
  for (let tries = 0; tries < 50; tries += 1) {
    if (/status: (?:NOERROR|SERVFAIL)/.test(await dig('NS', 'clamav.example'))) break
    assert.equal(child.exitCode, null, said)
    await wait(100)
  }
  const running = starting.move()
  return { dig, [Symbol.asyncDispose]: () => running.disposeAsync() }
}
