import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { eventually } from '../../../test/support/run.ts'
import { type ProgramEnd, runProgram } from './run-program.ts'

async function shell(
  script: string,
  { signal = new AbortController().signal, msMax = 20_000, onLine = (_: string) => {} } = {},
): Promise<{ readonly end: ProgramEnd; readonly lines: readonly string[] }> {
  const lines: string[] = []
  const end = await runProgram({
    command: 'sh',
    args: ['-c', script],
    onLine: (line) => {
      lines.push(line)
      onLine(line)
    },
    msMax,
    stopGraceMs: 200,
    signal,
  })
  return { end, lines }
}

/** What waits only for its parent to look has ended. */
function isAlive(pid: string): boolean {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

/** The second is a grandchild, which ignores all that is polite. */
const STUBBORN_PAIR = 'echo $$; (trap "" TERM; sleep 30 & echo $!; wait; wait) & wait'

test('a program’s lines come as they are said, on both outputs, and its status', async () => {
  const { end, lines } = await shell(
    'echo one; echo two >&2; printf "three\\r\\n\\n"; printf four; exit 5',
  )
  assert.deepEqual(end, { kind: 'ended', status: 5 })
  assert.deepEqual(lines.toSorted(), ['', 'four', 'one', 'three', 'two'])
})

test('its words are escaped, cut and counted', async () => {
  const { lines } = await shell(
    'printf "\\033[2Ja\\n"; head -c 3000000 /dev/zero | tr "\\0" x; echo; seq 5000',
  )
  assert.equal(lines[0], '\\u{1b}[2Ja')
  assert.equal(lines[1], `${'x'.repeat(1000)}…`)
  assert.equal(lines.length, 1001)
  assert.equal(lines.at(-1), '… and more, which is not shown')
})

test('a program that is not there, or may not run, is told', async () => {
  const options = { args: [], onLine: () => {}, msMax: 1000, signal: new AbortController().signal }
  for (const [command, reason] of [
    ['cvdnet-no-such-program', 'ENOENT'],
    ['/etc/passwd', 'EACCES'],
    ['a\0b', 'ERR_INVALID_ARG_VALUE'],
  ] as const) {
    assert.deepEqual(await runProgram({ ...options, command }), { kind: 'not-started', reason })
  }
})

test('one that crashes is told apart from one that had no time', async () => {
  assert.deepEqual((await shell('kill -SEGV $$')).end, { kind: 'killed', by: 'SIGSEGV' })
  assert.deepEqual((await shell('sleep 30', { msMax: 200 })).end, {
    kind: 'timed-out',
    msMax: 200,
  })
  // A shell that catches the signal ends with a status of its own, and had no time all the same.
  const tidy = 'trap "echo tidied up; exit 0" TERM; sleep 30 & wait'
  const caught = await shell(tidy, { msMax: 200 })
  assert.equal(caught.end.kind, 'timed-out')
  assert.deepEqual(caught.lines, ['tidied up'])
})

test('who does not end when asked is made to', async () => {
  const { end, lines } = await shell('trap "" TERM; echo $$; while :; do sleep 1; done', {
    msMax: 300,
  })
  assert.equal(end.kind, 'timed-out')
  assert.deepEqual(lines.filter(isAlive), [])
})

test('when time is over, all that it started ends, whatever it ignores', async () => {
  const { end, lines } = await shell(STUBBORN_PAIR, { msMax: 500 })
  assert.equal(end.kind, 'timed-out')
  assert.equal(lines.length, 2)
  await eventually(async () => assert.deepEqual(lines.filter(isAlive), []))
})

test('the caller’s signal ends it, and its reason is thrown', async () => {
  const own = new AbortController()
  const pids: string[] = []
  const onLine = (line: string) => {
    pids.push(line)
    own.abort(new Error('enough'))
  }
  await assert.rejects(shell('echo $$; sleep 30', { signal: own.signal, onLine }), /enough/)
  await eventually(async () => assert.deepEqual(pids.filter(isAlive), []))
  await assert.rejects(shell('echo no', { signal: own.signal }), /enough/)
})

test('what it leaves running is not waited for, and runs on', async () => {
  const { end, lines } = await shell('sleep 30 & echo $!')
  assert.deepEqual(end, { kind: 'ended', status: 0 })
  const [pid = ''] = lines
  assert.ok(isAlive(pid))
  process.kill(Number(pid), 'SIGKILL')
})
