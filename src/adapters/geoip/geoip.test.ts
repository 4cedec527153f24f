import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtempDisposable, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { parseIpAddress } from '#base/ip-address.ts'
import { findPlace, placeAt, type RangeTable } from '#core/places/index.ts'
import { makeMmdb } from '../../../test/support/mmdb.ts'
import { GeoError, loadPlaces, type PlaceData, watchPlaces } from './index.ts'

const { signal } = new AbortController()
const DEBIAN = { kind: 'tor', ipv4: '/usr/share/tor/geoip', ipv6: '/usr/share/tor/geoip6' } as const

function countryOf(table: RangeTable, text: string): string | undefined {
  const address = parseIpAddress(text)
  assert.ok(address)
  return placeAt(findPlace(table, address)).country
}

async function folder() {
  return await mkdtempDisposable(join(tmpdir(), 'cvdnet-geo-'))
}

test('Debian’s ranges say where well-known addresses are, and how old they are', {
  skip: existsSync(DEBIAN.ipv4) ? false : 'not installed: tor-geoipdb',
}, async () => {
  const { table, madeAtMs, ranges } = await loadPlaces(DEBIAN, signal)
  assert.ok(ranges > 400_000)
  assert.ok((madeAtMs ?? 0) > Date.UTC(2020, 0, 1))
  // The universities of Tokyo and Munich, and the BBC; their addresses have been theirs for decades.
  assert.equal(countryOf(table, '133.11.0.1'), 'JP')
  assert.equal(countryOf(table, '129.187.0.1'), 'DE')
  assert.equal(countryOf(table, '132.185.0.1'), 'GB')
  assert.equal(countryOf(table, '2001:4ca0::1'), 'DE')
  assert.equal(countryOf(table, '127.0.0.1'), undefined)
  assert.equal(countryOf(table, '::1'), undefined)
})

test('an operator’s .mmdb is read whole, both families', async () => {
  await using at = await folder()
  const file = join(at.path, 'countries.mmdb')
  const countries = {
    '192.0.2.0/24': 'DE',
    '192.0.3.0/25': 'FR',
    '0.0.0.0/8': 'US',
    '255.255.255.255/32': 'JP',
    '2001:db8::/32': 'IT',
    '3fff:ffff:ffff:ffff::/64': 'SE',
    '2001:506:9::/126': 'BR',
  }
  await writeFile(file, makeMmdb(countries))
  const { table, madeAtMs, ranges } = await loadPlaces({ kind: 'mmdb', file }, signal)
  assert.equal(ranges, 7)
  assert.equal(madeAtMs, 1_790_000_000_000)
  for (const [prefix, country] of Object.entries(countries)) {
    assert.equal(countryOf(table, prefix.split('/')[0] ?? ''), country)
  }
  assert.equal(countryOf(table, '192.0.3.128'), undefined)
  assert.equal(countryOf(table, '2001:db9::'), undefined)
})

const BROKEN: readonly (readonly [string, string | undefined, GeoError['code'], RegExp])[] = [
  ['that is not there', undefined, 'missing', /no such file/],
  ['with a line that is no range', '1,2,DE\nnonsense\n', 'bad-data', /line 2 is no range/],
  ['that is not in order', '10,20,DE\n5,6,FR\n', 'bad-data', /line 2 is a range before/],
]
for (const [situation, content, code, words] of BROKEN) {
  test(`a file ${situation} is a fault that names it`, async () => {
    await using at = await folder()
    const [ipv4, ipv6] = [join(at.path, 'geoip'), join(at.path, 'geoip6')]
    if (content !== undefined) await writeFile(ipv4, content)
    await writeFile(ipv6, '')
    await assert.rejects(loadPlaces({ kind: 'tor', ipv4, ipv6 }, signal), (error) => {
      assert.ok(error instanceof GeoError)
      assert.equal(error.code, code)
      assert.match(error.message, words)
      assert.match(error.message, /geoip/)
      return true
    })
  })
}

test('a .mmdb that is none is a fault', async () => {
  await using at = await folder()
  const file = join(at.path, 'x.mmdb')
  await writeFile(file, 'not a database')
  await assert.rejects(loadPlaces({ kind: 'mmdb', file }, signal), /it is no MaxMind database/)
})

test('a file that changes is read again; one that breaks is told once, and the data stay', async () => {
  await using at = await folder()
  const file = join(at.path, 'countries.mmdb')
  const replace = async (content: Buffer | string) => {
    await writeFile(`${file}.new`, content)
    await rename(`${file}.new`, file)
  }
  await replace(makeMmdb({ '192.0.2.0/24': 'DE' }))
  const seen: PlaceData[] = []
  const faults: string[] = []
  await using watch = watchPlaces(
    { kind: 'mmdb', file },
    {
      onData: (data) => seen.push(data),
      onFault: (error) => faults.push(error.message),
      lookEveryMs: 20,
    },
  )
  await watch.first
  assert.equal(seen.length, 1)
  await replace(makeMmdb({ '192.0.2.0/24': 'FR' }))
  await until(() => seen.length === 2)
  assert.equal(countryOf(seen[1]?.table ?? assert.fail(), '192.0.2.1'), 'FR')
  await replace('broken')
  await until(() => faults.length === 1)
  await rm(file)
  await until(() => faults.length === 2)
  await wait(200)
  assert.deepEqual([seen.length, faults.length], [2, 2])
})

async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !isTrue(); tries += 1) await wait(25)
  assert.ok(isTrue())
}
