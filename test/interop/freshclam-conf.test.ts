import assert from 'node:assert/strict'
import { mkdirSync, mkdtempDisposableSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { epochSeconds } from '#base/time.ts'
import { parseFreshclamConf, textOf } from '#formats/freshclam-conf/index.ts'
import { parseFreshclamDat, printFreshclamDat } from '#formats/freshclam-dat/index.ts'
import { run, without } from '../support/run.ts'

/** The real freshclam on its own files: what it takes, we take, and the other way round. */
const skip = without('freshclam')

const LINES: readonly string[] = [
  'Debug yes',
  'Debug TRUE',
  'Debug maybe',
  'Debug',
  'Debug=yes',
  '  Debug \t yes \t',
  'Debug "yes" rest',
  'Debug "yes',
  "Debug 'yes'",
  'Debug yes\r',
  'Checks 3\nChecks 4',
  'Checks -3',
  'Checks 3 # three',
  'Checks 0x3',
  'Checks ""',
  'LogFileMaxSize 2m',
  'LogFileMaxSize 2G',
  'LogFileMaxSize 2x',
  'LogFileMaxSize 2m5',
  'Example',
  'ExampleX yes',
  'Novelty yes',
  'DATABASEMIRROR x',
  'SafeBrowsing yes',
  'AllowSupplementaryGroups yes',
  'PidFile a b c',
  '#comment',
  '   # comment',
  'x',
  'xy',
]

function world() {
  const folder = mkdtempDisposableSync(join(tmpdir(), 'cvdnet-conf-'))
  const home = join(folder.path, 'db')
  mkdirSync(home)
  const path = join(folder.path, 'freshclam.conf')
  const common = [
    `DatabaseDirectory ${home}`,
    `DatabaseOwner ${userInfo().username}`,
    'DatabaseMirror http://127.0.0.1:9',
    'DatabaseCustomURL file:///nonexistent/none.ndb',
    'MaxAttempts 1',
  ]
  return {
    home,
    folder: folder.path,
    /** What freshclam says about a configuration with these lines in front. */
    async told(lines: string): Promise<string> {
      writeFileSync(path, `${lines}\n${common.join('\n')}\n`)
      const { all } = await run('freshclam', [`--config-file=${path}`, '--update-db=custom'])
      return all
    },
    [Symbol.dispose]: () => folder.remove(),
  }
}

test('we take a line of freshclam.conf when the real freshclam does', { skip }, async () => {
  using place = world()
  for (const line of LINES) {
    const said = await place.told(line)
    const theirs = !said.includes("Can't open/parse the config file")
    const conf = parseFreshclamConf(`${line}\n`)
    const unknown = conf.ok && conf.value.remarks.some(({ kind }) => kind === 'unknown-option')
    assert.equal(conf.ok && !unknown, theirs, `${JSON.stringify(line)}: ${said}`)
  }
})

test('and read the same value out of it', { skip }, async () => {
  using place = world()
  const log = join(place.folder, 'log')
  for (const value of [
    `${log} a b`,
    `"${log} a b" c`,
    `  ${log}1\nUpdateLogFile ${log}2`,
    `${log}"x`,
    `${log} #x\t`,
  ]) {
    await place.told(`UpdateLogFile ${value}`)
    const conf = parseFreshclamConf(`UpdateLogFile ${value}\n`)
    const ours = conf.ok ? textOf(conf.value, 'UpdateLogFile') : undefined
    const files = readdirSync(place.folder).filter((file) => file.startsWith('log'))
    assert.ok(
      files.map((file) => join(place.folder, file)).includes(ours ?? ''),
      `${value}: ${files}`,
    )
  }
})

test("freshclam's own freshclam.dat is read and prints back byte for byte", { skip }, async () => {
  using place = world()
  await place.told('')
  const bytes = readFileSync(join(place.home, 'freshclam.dat'))
  const dat = parseFreshclamDat(bytes)
  assert.ok(dat.ok)
  assert.ok(Buffer.from(printFreshclamDat(dat.value)).equals(bytes))
})

test('freshclam keeps still until the time that we wrote into freshclam.dat', {
  skip,
}, async () => {
  using place = world()
  await place.told('')
  const path = join(place.home, 'freshclam.dat')
  const dat = parseFreshclamDat(readFileSync(path))
  assert.ok(dat.ok)
  const retryAfter = epochSeconds(Math.floor(Date.now() / 1000) + 3600)
  writeFileSync(path, printFreshclamDat({ ...dat.value, retryAfter }))
  const conf = join(place.folder, 'freshclam.conf')
  const { all } = await run('freshclam', [`--config-file=${conf}`, '--no-dns', '--update-db=test'])
  assert.match(all, /cool-down/i)
})
