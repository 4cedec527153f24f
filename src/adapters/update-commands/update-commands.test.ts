import assert from 'node:assert/strict'
import { mkdir, mkdtempDisposable, readdir, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run, without } from '../../../test/support/run.ts'
import { describeUpdateCommand, runUpdateCommand, type UpdateCommandOptions } from './index.ts'

async function perform(value: string, options: Partial<UpdateCommandOptions> = {}) {
  const lines: string[] = []
  const onLine = (line: string) => lines.push(line)
  const signal = new AbortController().signal
  return { outcome: await runUpdateCommand(value, { onLine, signal, ...options }), lines }
}

const ended = (status: number) => ({ kind: 'ran', end: { kind: 'ended', status } })

test('a command goes through the shell, and its words and its status are told', async () => {
  const { outcome, lines } = await perform('for i in 1 2; do echo "line $i"; done; exit 5')
  assert.deepEqual(outcome, ended(5))
  assert.deepEqual(lines, ['line 1', 'line 2'])
  assert.equal(
    describeUpdateCommand('OnUpdateExecute', outcome),
    'the command of OnUpdateExecute ended with status 5',
  )
})

test('EXIT_n runs nothing and is a status', async () => {
  const { outcome } = await perform('EXIT_7; touch /nonexistent')
  assert.deepEqual(outcome, { kind: 'end-with', status: 7 })
  const bad = await perform('EXIT_300')
  assert.equal(
    describeUpdateCommand('OnErrorExecute', bad.outcome),
    'OnErrorExecute asks for EXIT_300, which is no exit status from 0 to 255',
  )
})

test('the new version comes to the command, and nothing else in its place', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-commands-'))
  assert.deepEqual((await perform('echo new: %v', { version: '1.5.0' })).lines, ['new: 1.5.0'])
  const mark = join(folder.path, 'mark')
  for (const version of [
    `1;touch ${mark}`,
    `$(touch ${mark})`,
    `1\ntouch ${mark}`,
    `|touch ${mark}`,
  ]) {
    assert.deepEqual((await perform('echo new: %v', { version })).lines, ['new:'])
  }
  assert.deepEqual(await readdir(folder.path), [])
})

test('a command without end is ended, and that is told', async () => {
  const { outcome } = await perform('sleep 30', { msMax: 200 })
  assert.deepEqual(outcome, { kind: 'ran', end: { kind: 'timed-out', msMax: 200 } })
  assert.match(describeUpdateCommand('OnUpdateExecute', outcome), /not done after 0\.2 seconds/)
  const crashed = await perform('kill -ABRT $$')
  assert.match(describeUpdateCommand('OnUpdateExecute', crashed.outcome), /ended by SIGABRT/)
})

const VALUES = [
  'EXIT_0',
  'EXIT_7',
  'EXIT_255',
  'EXIT_07',
  'EXIT_7 x',
  'EXIT_ 7',
  'EXIT_x',
  'exit_7',
  'echo said; exit 5',
  'echo "%v"',
]
test('freshclam does the same with the same options', {
  skip: without('freshclam'),
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-commands-'))
  const source = join(folder.path, 'own.ndb')
  const conf = join(folder.path, 'freshclam.conf')
  await writeFile(source, `Own:0:*:${Buffer.from('a signature').toString('hex')}\n`)
  for (const [index, value] of VALUES.entries()) {
    const databases = join(folder.path, `db${index}`)
    await mkdir(databases)
    const lines = [
      `DatabaseDirectory ${databases}`,
      `DatabaseOwner ${userInfo().username}`,
      'DatabaseMirror http://127.0.0.1:9',
      `DatabaseCustomURL file://${source}`,
      `OnUpdateExecute ${value}`,
    ]
    await writeFile(conf, `${lines.join('\n')}\n`)
    const theirs = await run('freshclam', [
      '--stdout',
      `--config-file=${conf}`,
      '--update-db=custom',
    ])
    const { outcome, lines: words } = await perform(value)
    const ours = outcome.kind === 'end-with' ? outcome.status : 0
    assert.equal(ours, theirs.status, `${value}: ${theirs.all}`)
    for (const word of words) assert.ok(theirs.all.includes(word.replace(/^\/bin\//, '')), word)
  }
})
