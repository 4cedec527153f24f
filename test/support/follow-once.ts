/**
 * A child process for the kill tests: a master on `FOLDER` that follows `URL`, until it has published `acme` at `VERSION`
 * and looked once more. Usage: follow-once.ts FOLDER URL VERSION; the publisher's keys are in `FOLDER/keys`.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openSqliteStore } from '#adapters/sqlite/index.ts'
import { parsePublisherSecrets } from '#formats/dsig/index.ts'
import { followingMaster } from './following-master.ts'
import { eventually } from './run.ts'

const [folder = '', url = '', version = ''] = process.argv.slice(2)
const secrets = parsePublisherSecrets(await readFile(join(folder, 'keys'), 'utf8'))
if (!secrets.ok) throw new Error('Cannot read the keys')
await using store = await openSqliteStore(join(folder, 'store.sqlite'))
await using master = await followingMaster({
  folder,
  servers: [url],
  secrets: secrets.value,
  store,
})
const memory = join(master.state, 'upstream', 'memory.json')
const looked = async () => JSON.parse(await readFile(memory, 'utf8')).lookedAt
await eventually(async () => {
  assert.equal(master.versionOf('acme'), Number(version), master.said.join('\n'))
})
const last = await looked().catch(() => 0)
await eventually(async () => assert.ok((await looked()) > last))
