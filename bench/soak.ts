/**
 * Some minutes of clients with releases and kills underneath: `node bench/soak.ts [SECONDS] [CLIENTS] [WORKERS]`. Ends with status 1
 * when anybody saw a mixture, a wrong status, or one connection two releases.
 */
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { soak } from '../test/support/serving/soak.ts'

const [seconds = 180, clients = 64, workers = 1] = process.argv.slice(2).map(Number)
await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-soak-'))
const pace = { releaseEveryMs: 500, killEveryMs: 10_000 }
const report = await soak({ folder: folder.path, seconds, clients, workers, ...pace })
console.log(report)
process.exitCode = report.wrong.length > 0 ? 1 : 0
