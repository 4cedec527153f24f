import assert from 'node:assert/strict'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { soak } from '../support/serving/soak.ts'

/** `bench/soak.ts` does the same for minutes. */
for (const workers of [1, 2]) {
  test(`releases and kills under clients: no mixture, no wrong status, nothing left open, ${workers} worker(s)`, async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-soak-'))
    const report = await soak({
      folder: folder.path,
      workers,
      seconds: 8,
      clients: 24,
      releaseEveryMs: 150,
      killEveryMs: 2_500,
    })
    assert.deepEqual(report.wrong, [])
    assert.ok(
      report.answers > 100 && report.releases > 5 && report.kills >= 2,
      JSON.stringify(report),
    )
    assert.ok(report.openFiles < 40, `${report.openFiles} files are open`)
    assert.ok(report.peakMib < 300, `${report.peakMib} MiB`)
  })
}
