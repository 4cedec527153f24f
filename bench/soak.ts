/**
 * Some minutes of clients with releases and kills underneath: `node bench/soak.ts [SECONDS] [CLIENTS]`. Ends with status 1
 * when anybody saw a mixture, a wrong status, or one connection two releases.
 */
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { soak } from '../test/support/serving/soak.ts'

const [seconds = 180, clients = 64] = process.argv.slice(2).map(Number)
await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-soak-'))
const options = { folder: folder.path, seconds, clients, releaseEveryMs: 500, killEveryMs: 10_000 }
const report = await soak(options)
console.log(report)
process.exitCode = report.wrong.length > 0 ? 1 : 0
