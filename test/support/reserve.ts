/** A process that takes numbers from a shared store and says them. Usage: reserve.ts STORE COUNT */
import { openSqliteStore } from '#adapters/sqlite/index.ts'

const [path = '', count = ''] = process.argv.slice(2)
await using store = await openSqliteStore(path)
for (let taken = 0; taken < Number(count); taken += 1) {
  process.stdout.write(`${await store.releases.reserveSerial()}\n`)
}
