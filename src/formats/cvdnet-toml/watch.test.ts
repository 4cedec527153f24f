import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HEALTH_POLICY } from '#core/health/index.ts'
import { NOTICE_POLICY } from '#core/notices/index.ts'
import { describeSettingsFault } from './fault.ts'
import { parseSettings } from './parse.ts'

const FOLDER = { folder: '/etc/cvdnet' }

function faults(text: string): readonly string[] {
  const settings = parseSettings(text, FOLDER)
  return settings.ok ? [] : settings.fault.map(describeSettingsFault)
}

test('a monitor and its mail have defaults that are those of the core', () => {
  const settings = parseSettings(
    'zone = "a.test"\n[monitor]\nanchors = ["[2001:db8::1]:53"]\n[mail]\nfrom = "a@b.test"\n',
    FOLDER,
  )
  assert.ok(settings.ok)
  const { monitor, mail, metrics } = settings.value
  assert.deepEqual(monitor?.health, HEALTH_POLICY)
  assert.deepEqual(mail?.notices, NOTICE_POLICY)
  assert.deepEqual(monitor.anchors, [{ host: '2001:db8::1', port: 53 }])
  assert.equal(mail.lists.team, undefined)
  assert.equal(metrics, undefined)
})

test('settings of a monitor that cannot go together are refused', () => {
  const text = `zone = "a.test"
[monitor]
round = "1h"
confirm = "1h"
anchors = ["192.0.2.1"]
[mail]
from = "a@b.test"
password_env = "X"
`
  assert.deepEqual(faults(text), [
    'line 2: monitor.unobserved: shorter than two rounds, so that every look would count for nothing',
    'line 5: monitor.anchors wants a list, each a host and a port, "192.0.2.1:53" or "[2001:db8::1]:53"',
    'line 8: mail.password_env: a password without a user',
  ])
})
