import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeSettingsFault } from './fault.ts'
import { parseSettings } from './parse.ts'

const FOLDER = { folder: '/etc/cvdnet' }

function faults(text: string): readonly string[] {
  const settings = parseSettings(text, FOLDER)
  return settings.ok ? [] : settings.fault.map(describeSettingsFault)
}

test('an upstream is followed hourly unless told, and only from addresses without secrets', () => {
  const servers =
    'zone = "z.example"\n[master]\n[master.upstream]\nservers = ["https://a.example/db"]\n'
  const settings = parseSettings(servers, FOLDER)
  assert.ok(settings.ok)
  assert.deepEqual(settings.value.master?.upstream, {
    servers: ['https://a.example/db'],
    databases: ['main', 'daily', 'bytecode'],
    updateRecord: undefined,
    everyMs: 3_600_000,
    agent: undefined,
    proxy: undefined,
  })
  const proxied = `${servers}[master.upstream.proxy]\nhost = "p"\nuser = "me"\npassword_env = "P"\n`
  const whole = parseSettings(proxied, FOLDER)
  assert.ok(whole.ok)
  const login = { user: 'me', password: { kind: 'environment', name: 'P' } }
  assert.deepEqual(whole.value.master?.upstream?.proxy, { host: 'p', port: 8080, login })
  assert.deepEqual(
    faults(`zone = "z.example"
[master]
[master.upstream]
servers = ["https://me:secret@a.example"]
databases = ["local_x"]
every = "5m"
user_agent = "two\\nlines"
[master.upstream.proxy]
password_file = "p"
`),
    [
      'line 4: master.upstream.servers wants a list of at least one, each an address such as "https://database.example"',
      'line 5: master.upstream.databases wants a list of at least one, each the name of a database',
      'line 6: master.upstream.every wants a duration from 10m to 1d',
      'line 7: master.upstream.user_agent wants printable ASCII',
      'line 8: master.upstream.proxy.host is missing; it wants a host name or an address',
      'line 9: master.upstream.proxy.password_file: a password without a user',
    ],
  )
})
