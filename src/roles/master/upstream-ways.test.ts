import assert from 'node:assert/strict'
import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { MemoryStore } from '#adapters/memory/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { toSeconds } from '#base/time.ts'
import { CLAMAV_KEYS } from '#formats/dsig/index.ts'
import { startDns, ZoneFeed } from '#roles/dns/index.ts'
import { acmeVersions } from '../../../test/support/acme-versions.ts'
import { dnsOptions } from '../../../test/support/dns-options.ts'
import { aFolder, following, followingMaster, has } from '../../../test/support/following-master.ts'
import { lyingUpstream } from '../../../test/support/lying-upstream.ts'
import { eventually, realData, without, withoutRealData } from '../../../test/support/run.ts'
import { aName, aSerial, aVersion } from '../../../test/support/values.ts'
import { webProxy } from '../../../test/support/web-proxy.ts'
import { aSnapshot } from '../../../test/support/zone.ts'
import { UPSTREAM_LEASE } from './upstream.ts'

/** Other ways to look and to fetch: by a record, by a proxy, by one of several masters, with signatures. */
const skip = without('rsync')

/** Our own name server, which tells `acme` at some version. */
async function recordOf(folder: string) {
  const feed = new ZoneFeed()
  const tell = (version: number) => {
    const now = toSeconds(systemClock.now())
    const versions = new Map([[aName('acme'), aVersion(version)]])
    const { announced, ...rest } = aSnapshot({ heardAt: now, serial: 42 + version })
    if (announced === undefined) throw new Error('nothing is announced')
    feed.offer({
      ...rest,
      announced: { ...announced, serial: aSerial(version), at: now, versions },
    })
  }
  tell(1)
  const dns = await startDns(dnsOptions({ source: feed, lastSnapshot: join(folder, 'last.json') }))
  return { dns, tell, resolver: `127.0.0.1:${dns.listeners[0]?.port}` }
}

test('where a record says what is the newest, a look asks no server', { skip }, async () => {
  const acme = await acmeVersions()
  await using folder = await aFolder()
  const { dns, tell, resolver } = await recordOf(folder.path)
  await using _ = dns
  const upstream = { updateRecord: 'current.cvd.clamav.example', resolvers: [resolver] }
  await using it = await following(acme, { upstream })
  await has(it.master, 1)
  const asked = it.upstream.asked.length
  await it.looks()
  assert.equal(it.upstream.asked.length, asked, it.upstream.asked.join())
  Object.assign(it.upstream.files, { 'acme-2.cdiff': await acme.patch(2), 'acme.cvd': acme.cvd(2) })
  tell(2)
  await has(it.master, 2)
  assert.deepEqual(it.upstream.asked.slice(asked), ['acme.cvd bytes=0-511', 'acme-2.cdiff'])
})

test('while one master of a store looks no other does, and they have what that one brings', {
  skip,
}, async () => {
  const acme = await acmeVersions()
  await using folder = await aFolder()
  await using upstream = await lyingUpstream({ 'acme.cvd': acme.cvd(1) })
  const store = new MemoryStore()
  const given = { servers: [upstream.url], secrets: acme.secrets, folder: folder.path, store }
  const hold = () => store.jobs.lease(UPSTREAM_LEASE, 'rsync9', 60_000, systemClock.now())
  assert.ok(await hold())
  await using two = await followingMaster({ ...given, name: 'rsync2' })
  await wait(1_000)
  assert.deepEqual(upstream.asked, [])
  await store.jobs.endLease(UPSTREAM_LEASE, 'rsync9')
  await has(two, 1)
  await eventually(async () => assert.ok(await hold()))
  const before = upstream.asked.length
  await using one = await followingMaster(given)
  await has(one, 1)
  assert.equal(upstream.asked.length, before, upstream.asked.join())
})

test('a proxy is asked, with its login', { skip }, async () => {
  const acme = await acmeVersions()
  await using proxy = await webProxy('me:secret')
  const by = { server: '127.0.0.1', port: proxy.port, user: 'me', password: 'secret' }
  await using it = await following(acme, { upstream: { proxy: by, agent: 'somebody (at home)' } })
  await has(it.master, 1)
  assert.match(proxy.asked.join('\n'), /^GET http:\/\/127\.0\.0\.1:\d+\/acme\.cvd/)
})

const CLAMAV = 'clamav'
const real = (file: string) => readFile(realData(`${CLAMAV}/${file}`))

/** ClamAV's own database of its tests, with what belongs to it. */
async function realUpstream() {
  const at = async (version: number) => {
    const patch = `test-${version}.cdiff`
    const names = [`test-${version}.cvd.sign`, ...(version > 1 ? [patch, `${patch}.sign`] : [])]
    const beside = await Promise.all(names.map(async (name) => [name, await real(name)] as const))
    return { ...Object.fromEntries(beside), 'test.cvd': await real(`test-${version}.cvd`) }
  }
  const upstream = await lyingUpstream(await at(1))
  return {
    upstream,
    goTo: async (version: number) => Object.assign(upstream.files, await at(version)),
  }
}

test('signatures come too where the certificates are here, and are left out where not', {
  skip: skip || withoutRealData(),
}, async () => {
  const { secrets } = await acmeVersions()
  const { upstream, goTo } = await realUpstream()
  await using _ = upstream
  await using folder = await aFolder()
  const certs = join(folder.path, 'certs')
  await mkdir(certs)
  await copyFile(realData('clamav/clamav-test.crt'), join(certs, 'clamav-test.crt'))
  const given = { servers: [upstream.url], databases: ['test'], secrets, folder: folder.path }
  const publisher = { keys: CLAMAV_KEYS, certs, always: ['sign', 'patch'] } as const
  await using signed = await followingMaster({ ...given, publisher })
  await using unsigned = await followingMaster({ ...given, name: 'rsync2' })
  for (const master of [signed, unsigned]) await has(master, 1, 'test')
  for (const version of [2, 3]) await goTo(version)
  for (const master of [signed, unsigned]) await has(master, 3, 'test')
  const here = (version: number) => [`test-${version}.cdiff`, `test-${version}.cdiff.sign`]
  const signs = signed.files().filter((file) => /^test-/.test(file))
  assert.deepEqual(signs.toSorted(), [...here(2), ...here(3), 'test-3.cvd.sign'])
  assert.deepEqual(
    unsigned.files().filter((file) => file.endsWith('.sign')),
    [],
  )
  const line = /no certificates of ClamAV are configured, so its \.sign files are left out/g
  assert.equal(unsigned.said.join('\n').match(line)?.length, 1)
  assert.deepEqual(await readFile(signed.path('test.cvd')), await real('test-3.cvd'))
})

test('a signature that is not there yet is waited for where it always comes', {
  skip: skip || withoutRealData(),
}, async () => {
  const { secrets } = await acmeVersions()
  const { upstream } = await realUpstream()
  await using _ = upstream
  await using folder = await aFolder()
  const publisher = { keys: CLAMAV_KEYS, certs: realData('clamav'), always: ['sign'] } as const
  delete upstream.files['test-1.cvd.sign']
  const given = { servers: [upstream.url], databases: ['test'], secrets, folder: folder.path }
  await using master = await followingMaster({ ...given, publisher })
  await eventually(async () =>
    assert.match(master.said.join('\n'), /test could not be had: no server has test-1\.cvd\.sign/),
  )
  upstream.files['test-1.cvd.sign'] = await real('test-1.cvd.sign')
  await has(master, 1, 'test')
  assert.equal(upstream.asksFor('test.cvd'), 1, upstream.asked.join())
})
