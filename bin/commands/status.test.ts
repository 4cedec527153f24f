import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { openStore } from '#adapters/store/index.ts'
import { aMirror } from '../../test/support/mirrors.ts'
import { run } from '../../test/support/run.ts'

const CVDNET = join(import.meta.dirname, '..', 'cvdnet.ts')
const SETTINGS = `zone = "clamav.test"
state = "state"
[monitor]
round = "1m"
confirm = "5s"
[metrics]
port = 0
`

/** A node of a network with one mirror, where nobody listens. */
async function node() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-status-'))
  const config = join(folder.path, 'cvdnet.toml')
  await writeFile(config, SETTINGS)
  await mkdir(join(folder.path, 'state'))
  await using store = await openStore({
    kind: 'sqlite',
    path: join(folder.path, 'state', 'store.sqlite'),
  })
  const record = aMirror('mirror1', { addresses: ['127.0.1.1'], httpPort: 1 })
  assert.ok((await store.registry.mirrors.put('mirror1', record, undefined)).ok)
  return { config, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

test('a status is lines for people, or one JSON document', async () => {
  await using here = await node()
  const words = await run(process.execPath, [CVDNET, 'status', '--config', here.config])
  assert.equal(words.status, 0, words.all)
  assert.match(
    words.out,
    /^clamav\.test at 20[\s\S]*Nothing is published yet[\s\S]*mirror1 +listed/,
  )
  const json = await run(process.execPath, [CVDNET, 'status', '--json', '--config', here.config])
  const document: unknown = JSON.parse(json.out)
  assert.partialDeepStrictEqual(document, { zone: 'clamav.test', release: null, problems: [] })
})

test('a monitor runs from the settings, takes the lease and tells Prometheus', async () => {
  await using here = await node()
  const child = spawn(process.execPath, [CVDNET, 'run', '--config', here.config], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  try {
    let url = ''
    for await (const line of createInterface({ input: child.stdout })) {
      url = /^metrics: (\S+)$/.exec(line)?.[1] ?? ''
      if (url !== '') break
    }
    let text = ''
    for (let look = 0; look < 50 && !text.includes('cvdnet_monitor_is_judge 1'); look += 1) {
      text = await (await fetch(url)).text()
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.match(text, /cvdnet_monitor_is_judge 1\n/)
    assert.match(text, /cvdnet_mirrors\{stage="listed"\} 1\n/)
    const status = await run(process.execPath, [CVDNET, 'status', '--config', here.config])
    assert.match(status.out, /monitor1 holds "monitor" until/)
  } finally {
    child.kill('SIGTERM')
  }
  assert.deepEqual(await ended, [0, null])
})
