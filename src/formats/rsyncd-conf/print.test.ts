import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printRsyncdConf, printSecrets, type RsyncdConf } from './print.ts'

const CONF: RsyncdConf = {
  address: '127.0.0.1',
  port: 40873,
  lockFile: '/s/rsyncd.lock',
  transferLogging: false,
  connectionsMax: 20,
  idleSecondsMax: 60,
  module: { name: 'clamavdb', path: '/s/current', users: ['m1', 'm2'], secretsFile: '/s/secrets' },
}

test('one module, read only, not listed, for the named logins', () => {
  const text = printRsyncdConf(CONF)
  assert.ok(text.ok)
  const [head = '', module = ''] = text.value.split('\n[clamavdb]\n')
  assert.match(head, /^address = 127\.0\.0\.1\nport = 40873\nlock file = \/s\/rsyncd\.lock\n/)
  for (const line of [
    'read only = yes',
    'list = no',
    'auth users = m1, m2',
    'strict modes = yes',
  ]) {
    assert.ok(module.includes(`${line}\n`), line)
  }
  assert.ok(!text.value.includes('undefined'))
})

const module = CONF.module
const REFUSED: readonly (readonly [string, RsyncdConf, string])[] = [
  ['a line break', { ...CONF, lockFile: '/a\nb' }, 'lock file'],
  ['a backslash at the end', { ...CONF, logFile: '/a\\' }, 'log file'],
  ['an environment name', { ...CONF, pidFile: '/%HOME%/a' }, 'pid file'],
  ['a blank at the end', { ...CONF, module: { ...module, path: '/a ' } }, 'path'],
  ['a comment', { ...CONF, module: { ...module, path: '/a #b' } }, 'path'],
  ['a relative path', { ...CONF, module: { ...module, secretsFile: 'a' } }, 'secrets file'],
  ['a section', { ...CONF, module: { ...module, name: 'a]\n[b' } }, 'module'],
  ['the global section', { ...CONF, module: { ...module, name: 'global' } }, 'module'],
  ['a rule instead of a login', { ...CONF, module: { ...module, users: ['*'] } }, 'auth users'],
  ['a group', { ...CONF, module: { ...module, users: ['a', '@b'] } }, 'auth users'],
  ['a login with a rule', { ...CONF, module: { ...module, users: ['a:rw'] } }, 'auth users'],
  ['half a connection', { ...CONF, connectionsMax: 0.5 }, 'max connections'],
  ['an address with a line', { ...CONF, address: '::1\nx = y' }, 'address'],
  ['a host with a line', { ...CONF, module: { ...module, hostsAllow: ['a\nb'] } }, 'hosts allow'],
]
for (const [situation, conf, parameter] of REFUSED) {
  test(`${situation} is refused, and the parameter named`, () => {
    const text = printRsyncdConf(conf)
    assert.ok(!text.ok)
    assert.deepEqual(
      text.fault.map((fault) => ('parameter' in fault ? fault.parameter : fault.kind)),
      [parameter],
    )
  })
}

test('without logins nothing is printed, since rsync would let everybody in', () => {
  const text = printRsyncdConf({ ...CONF, module: { ...module, users: [] } })
  assert.ok(!text.ok && text.fault.some(({ kind }) => kind === 'no-users'))
})

test('secrets are a line a login; what would break a line is refused without being repeated', () => {
  const secrets = printSecrets([
    { user: 'm1', password: 'a:b #c' },
    { user: 'm2', password: 'd' },
  ])
  assert.deepEqual(secrets, { ok: true, value: 'm1:a:b #c\nm2:d\n' })
  const refused = printSecrets([
    { user: '#m', password: 'x' },
    { user: 'm1', password: 'x\ny' },
    { user: 'm1', password: 'é'.repeat(300) },
  ])
  assert.deepEqual(refused, {
    ok: false,
    fault: [
      { kind: 'bad-user', user: '#m' },
      { kind: 'bad-password', user: 'm1' },
      { kind: 'bad-password', user: 'm1' },
      { kind: 'user-twice', user: 'm1' },
    ],
  })
})
