import assert from 'node:assert/strict'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { printSystemdUnit } from '#formats/systemd-unit/index.ts'
import { run, without } from '../support/run.ts'

const EXPOSURE_MAX = 2

test('systemd knows every word of our unit, and finds it well shut off', {
  skip: without('systemd-analyze'),
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-unit-'))
  for (const lowPorts of [true, false]) {
    const unit = join(folder.path, 'cvdnet.service')
    const service = {
      description: 'cvdnet',
      program: ['/bin/true'],
      config: '/etc/cvdnet.toml',
      user: 'clamavdb',
    }
    await writeFile(unit, printSystemdUnit({ ...service, writes: ['/var/lib/cvdnet'], lowPorts }))
    const verified = await run('systemd-analyze', ['verify', '--man=no', unit])
    assert.doesNotMatch(verified.all, /cvdnet\.service/)
    const judged = await run('systemd-analyze', ['security', '--offline=true', '--no-pager', unit])
    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(judged.all)?.[1])
    assert.ok(exposure <= EXPOSURE_MAX, `${exposure}: ${judged.all}`)
  }
})
