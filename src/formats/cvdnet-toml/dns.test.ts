import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeSettingsFault, parseSettings } from './index.ts'

test('a name server alone: paths are absolute, times are seconds, what is absent stays open', () => {
  const text = `
zone = "clamav.example"
[dns]
hosts = ["192.0.2.53", "2001:db8::53"]
snapshot = "zone.json"
unlimited = ["10.0.0.0/8"]
[dns.places]
mmdb = "geo.mmdb"
[[dns.overrides]]
prefix = "10.0.0.0/8"
country = "DE"
[dns.answers]
mirror_ttl = "5m"
override_clamav_net = "yes"
`
  const parsed = parseSettings(text, { folder: '/etc/cvdnet' })
  assert.ok(parsed.ok, JSON.stringify(parsed))
  const { dns } = parsed.value
  assert.equal(dns?.snapshot, '/etc/cvdnet/zone.json')
  assert.deepEqual(dns?.places, { kind: 'mmdb', file: '/etc/cvdnet/geo.mmdb' })
  assert.equal(dns?.port, 53)
  assert.deepEqual(dns?.answers, {
    addressesMax: undefined,
    nearMirrorsMin: undefined,
    mirrorTtl: 300,
    wobblingTtl: undefined,
    recordTtl: undefined,
    overrideClamavNet: true,
  })
})

test('without a snapshot the zone is made of the store, and the settings say the rest', () => {
  const text = (more: string) => `zone = "clamav.example"
[dns]
${more}`
  const hosts = `[[dns.name_servers]]
name = "ns1"
addresses = ["192.0.2.53", "2001:db8::53"]
[[dns.masters]]
name = "rsync1"
addresses = "192.0.2.101"
[update_record]
newest_clamav = "1.4.7"
warn_of_version = true
`
  const parsed = parseSettings(text(hosts), { folder: '/etc/cvdnet' })
  assert.ok(parsed.ok, JSON.stringify(parsed))
  const { snapshot, nameServers, masters } = parsed.value.dns ?? {}
  assert.equal(snapshot, undefined)
  assert.deepEqual(nameServers, [{ name: 'ns1', addresses: ['192.0.2.53', '2001:db8::53'] }])
  assert.deepEqual(masters, [{ name: 'rsync1', addresses: ['192.0.2.101'] }])
  assert.deepEqual(parsed.value.updateRecord, {
    newestClamav: '1.4.7',
    versionWarning: 1,
    level: 90,
    safebrowsing: undefined,
  })
  const twice = `${hosts}[[dns.name_servers]]\nname = "ns1"\naddresses = "192.0.2.54"\n`
  for (const [faulty, reason] of [
    ['', /dns\.snapshot: without it \[\[dns\.name_servers\]\]/],
    [twice, /the same as in dns\.name_servers\[0\]/],
  ] as const) {
    const refused = parseSettings(text(faulty), { folder: '/etc/cvdnet' })
    assert.ok(!refused.ok)
    assert.match(refused.fault.map(describeSettingsFault).join(), reason)
  }
})

test('a name server’s faults have their lines', () => {
  const text = `zone = "clamav.example"
[dns]
hosts = ["here"]
snapshot = "zone.json"
unlimited = ["10.0.0.1/8"]
[[dns.overrides]]
prefix = "2001:db8::/65"
country = "DE"
[dns.answers]
record_ttl = "10m"
`
  const parsed = parseSettings(text, { folder: '/etc/cvdnet' })
  assert.ok(!parsed.ok)
  assert.deepEqual(
    parsed.fault.map((fault) => fault.line),
    [3, 5, 7, 10],
  )
})

test('a thousand overrides are taken, the next one is refused by its line, once', () => {
  const parsed = (count: number) => {
    const one = (at: number) =>
      `[[dns.overrides]]\nprefix = "10.${at >> 8}.${at & 255}.0/24"\ncountry = "DE"\n`
    const head = 'zone = "clamav.example"\n[dns]\nsnapshot = "zone.json"\n'
    const text = head + Array.from({ length: count }, (_, at) => one(at)).join('')
    return parseSettings(text, { folder: '/etc/cvdnet' })
  }
  assert.ok(parsed(1000).ok)
  const refused = parsed(1002)
  assert.ok(!refused.ok)
  assert.deepEqual(
    refused.fault.map(({ line }) => line),
    [3 + 1000 * 3 + 2],
  )
})

test('a signed zone names its folder of keys, and has no secondaries', () => {
  const text = `zone = "clamav.example"
[dns]
snapshot = "zone.json"
[dns.dnssec]
keys = "zone-keys"
`
  const parsed = parseSettings(text, { folder: '/etc/cvdnet' })
  assert.ok(parsed.ok, JSON.stringify(parsed))
  const dnssec = { keys: '/etc/cvdnet/zone-keys', signaturesPerSecond: 1000 }
  assert.deepEqual(parsed.value.dns?.dnssec, dnssec)
  const secondary = `[[dns.secondaries]]
host = "192.0.2.54"
key = "transfer.clamav.example"
key_file = "transfer.key"
`
  const refused = parseSettings(text + secondary, { folder: '/etc/cvdnet' })
  assert.ok(!refused.ok)
  const [fault, ...others] = refused.fault
  assert.equal(others.length, 0)
  assert.equal(fault?.line, 5)
  assert.match(refused.fault.map(describeSettingsFault).join(), /secondaries cannot sign/)
})
