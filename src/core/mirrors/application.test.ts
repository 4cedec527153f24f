import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { epochMs } from '#base/time.ts'
import { applied, type GivenApplication, parseApplication, twinFaults } from './application.ts'

const RULES = { bandwidthMbitMin: 10, allowsPrivate: false }
const GOOD: GivenApplication = {
  name: 'fra1',
  addresses: '193.0.6.1, 2A00:1450::0001',
  country: 'de',
  bandwidthMbit: '100',
  admin: 'Admin@mirror.example.org',
  aliases: ['ClamAV.Example.org'],
}
const NOW = epochMs(1_772_409_600_000)

function faultsOf(given: GivenApplication, rules = RULES): readonly string[] {
  const read = parseApplication(given, rules)
  return read.ok ? [] : read.fault.map(({ field, reason }) => `${field} ${reason}`)
}

test('what is good becomes a record in canonical form, the rest at its default', () => {
  const read = parseApplication(GOOD, RULES)
  assert.ok(read.ok)
  assert.deepEqual(read.value, {
    name: 'fra1',
    host: '193.0.6.1',
    addresses: ['193.0.6.1', '2a00:1450::1'],
    httpPort: 80,
    sshPort: 22,
    account: 'clamavdb',
    hostKey: undefined,
    aliases: ['clamav.example.org'],
    country: 'DE',
    region: 'europe',
    bandwidthMbit: 100,
    admin: 'Admin@mirror.example.org',
  })
})

const BAD: readonly (readonly [situation: string, given: GivenApplication, reason: RegExp])[] = [
  ['a name that is an option', { name: '--config' }, /^name wants/],
  ['a name of the zone', { name: 'database' }, /^name wants/],
  ['a name of a master', { name: 'rsync1' }, /^name wants/],
  ['capital letters in the name', { name: 'Fra1' }, /^name wants/],
  ['a path as name', { name: '../fra1' }, /^name wants/],
  ['loopback', { addresses: '127.0.0.1' }, /"127\.0\.0\.1" is loopback/],
  ['a private address', { addresses: ['10.1.2.3'] }, /is private/],
  ['private IPv6', { addresses: 'fd00::1' }, /is private/],
  ['loopback in IPv6', { addresses: '::1' }, /is loopback/],
  ['loopback behind a mapped address', { addresses: '::ffff:127.0.0.1' }, /written as IPv6/],
  ['loopback in octal', { addresses: '0177.0.0.1' }, /is no IPv4/],
  ['an address of metadata services', { addresses: '169.254.169.254' }, /is link-local/],
  ['one address twice', { addresses: '2a00::1,2A00:0::1' }, /"2a00::1" is there twice/],
  ['no address', { addresses: [] }, /wants at least one/],
  ['a host that resolves to the master itself', { host: 'localhost' }, /^host wants/],
  ['a host that is an address in disguise', { host: '0x7f.1' }, /^host wants/],
  ['a host that is a number', { host: '2130706433' }, /^host wants/],
  ['a host with a shell in it', { host: 'a;reboot' }, /^host wants/],
  ['too little bandwidth', { bandwidthMbit: 9 }, /is 9; the network asks for at least 10/],
  ['bandwidth in words', { bandwidthMbit: 'fast' }, /^bandwidthMbit wants/],
  ['bandwidth below 0', { bandwidthMbit: -5 }, /^bandwidthMbit wants/],
  ['no country', { country: 'ZZ' }, /^country wants/],
  ['root as account', { account: 'root' }, /^account wants/],
  ['a second header in the mail address', { admin: 'a@b.org\nBcc: all@b.org' }, /^admin wants/],
  ['markup in the mail address', { admin: '<script>@b.org' }, /^admin wants/],
  ['markup in an alias', { aliases: ['<img src=x>'] }, /is no host name/],
  ['a key with options', { hostKey: 'from="*" ssh-ed25519 AAAA' }, /^hostKey wants/],
  ['a field that it may not set', { stage: 'listed' }, /^stage is no field/],
  ['port 0', { httpPort: 0 }, /^httpPort wants/],
]
for (const [situation, given, reason] of BAD) {
  test(`an application with ${situation} is refused`, () => {
    const faults = faultsOf({ ...GOOD, ...given })
    assert.equal(faults.length, 1, faults.join('\n'))
    assert.match(faults[0] ?? '', reason)
  })
}

test('all faults are told at once, and nothing typed reaches a terminal as it is', () => {
  const faults = faultsOf({ 'x\u001b[2J': 1, addresses: '\u001b]0;evil\u0007' })
  assert.deepEqual(
    faults.map((fault) => fault.split(' ')[0]),
    ['addresses', 'country', 'name', 'bandwidthMbit', 'x?[2J'],
  )
  assert.doesNotMatch(faults.join(''), /\p{Cc}/u)
})

test('where the network allows it, loopback and private addresses are good, and no others', () => {
  const rules = { ...RULES, allowsPrivate: true }
  assert.deepEqual(faultsOf({ ...GOOD, addresses: '127.0.1.1,10.0.0.1,::1' }, rules), [])
  assert.match(faultsOf({ ...GOOD, addresses: '224.0.0.1' }, rules).join(), /is multicast/)
})

test('an address or an alias belongs to one mirror, unless that one is gone', () => {
  const read = parseApplication(GOOD, RULES)
  assert.ok(read.ok)
  const other = { ...applied(read.value, NOW), name: 'ams2' }
  assert.deepEqual(
    twinFaults(read.value, [other]).map(({ field }) => field),
    ['addresses', 'addresses', 'aliases'],
  )
  assert.deepEqual(twinFaults(read.value, [{ ...other, stage: 'retired' }]), [])
})

test('law: nothing that anybody types makes it throw', () => {
  const anything = fc.dictionary(fc.constantFrom(...Object.keys(GOOD), 'x'), fc.anything())
  fc.assert(fc.property(anything, (given) => void parseApplication(given, RULES)))
})
