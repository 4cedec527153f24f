import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Execute, readExecute } from './execute.ts'

const shell = (command: string): Execute => ({ kind: 'shell', command })
const status = (number: number): Execute => ({ kind: 'end-with', status: number })
const READ: readonly (readonly [string, Execute])[] = [
  ['EXIT_0', status(0)],
  ['EXIT_7', status(7)],
  ['EXIT_07', status(7)],
  ['EXIT_255', status(255)],
  ['EXIT_7 and more', status(7)],
  ['EXIT_ 7', status(7)],
  ['EXIT_256', { kind: 'bad-status', text: 'EXIT_256' }],
  ['EXIT_-1', { kind: 'bad-status', text: 'EXIT_-1' }],
  [`EXIT_${'9'.repeat(400)}`, { kind: 'bad-status', text: `EXIT_${'9'.repeat(400)}` }],
  ['EXIT_x', shell('EXIT_x')],
  ['EXIT_', shell('EXIT_')],
  ['exit_7', shell('exit_7')],
  ['echo EXIT_7', shell('echo EXIT_7')],
  ['date +%v', shell('date +%v')],
]
for (const [value, execute] of READ) {
  test(`${value.slice(0, 40)} is read as ${execute.kind}`, () => {
    assert.deepEqual(readExecute(value), execute)
  })
}

test('the new version fills in each %v', () => {
  assert.deepEqual(readExecute('mail %v "%v"', '1.4.6'), shell('mail 1.4.6 "1.4.6"'))
})

const FORGED = ['1.4;reboot', '$(reboot)', '1.4\n', ' 1.4', '1..4', '.', '', '-1', '1'.repeat(33)]
for (const version of FORGED) {
  test(`${JSON.stringify(version)} is no version, and never reaches the shell`, () => {
    assert.deepEqual(readExecute('mail "%v" new', version), shell('mail "" new'))
  })
}

test('law: whatever the version, a command gains digits and dots only', () => {
  const version = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'0123.$%v`') }))
  fc.assert(
    fc.property(version, (text) => {
      const read = readExecute('a %v b', text)
      assert.match(read.kind === 'shell' ? read.command : '', /^a [\d.]* b$/)
    }),
  )
})
