import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aMirror } from '../../../test/support/mirrors.ts'
import { statisticsPlace } from './statistics-place.ts'

const rsyncLogin = { user: 'fra1', password: 'of rsync', statisticsPassword: 'of statistics' }

test('decision 18: the password goes over TLS, and in the clear to loopback addresses only', () => {
  for (const host of ['fra1.example', 'localhost', '10.0.0.1', '192.0.2.1', '::', '2001:db8::1']) {
    const place = statisticsPlace(aMirror('fra1', { host, rsyncLogin }), 'clamav.test')
    assert.equal(place?.kind, 'tls', host)
    assert.equal(place?.port, 443)
    assert.equal(place?.password, 'of statistics')
  }
  for (const host of ['127.0.0.1', '127.1.2.3', '::1']) {
    const mirror = aMirror('fra1', { host, httpPort: 8080, rsyncLogin })
    const place = statisticsPlace(mirror, 'clamav.test')
    assert.deepEqual([place?.kind, place?.port], ['plain', 8080], host)
  }
})

test('a certificate may be of the host, of an alias, or of its name in the zone; of no address', () => {
  const names = (host: string) => {
    const record = aMirror('fra1', { host, rsyncLogin, aliases: ['db.fra.example'] })
    const place = statisticsPlace(record, 'clamav.test')
    return place?.kind === 'tls' ? place.names : []
  }
  assert.deepEqual(names('fra.example'), ['fra.example', 'db.fra.example', 'fra1.clamav.test'])
  assert.deepEqual(names('192.0.2.1'), ['db.fra.example', 'fra1.clamav.test'])
})

test('nobody is asked without a password of its own, or before it is on the list', () => {
  const { statisticsPassword, ...old } = rsyncLogin
  assert.equal(statisticsPlace(aMirror('a', { rsyncLogin: old }), 'clamav.test'), undefined)
  assert.equal(statisticsPlace(aMirror('a'), 'clamav.test'), undefined)
  const suspended = aMirror('a', { rsyncLogin, stage: 'suspended' })
  assert.equal(statisticsPlace(suspended, 'clamav.test'), undefined)
})
