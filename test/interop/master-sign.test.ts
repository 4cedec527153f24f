import assert from 'node:assert/strict'
import { copyFile, mkdir, mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CLAMAV_KEYS } from '#formats/dsig/index.ts'
import { type TestNetwork, testNetwork } from '../support/network.ts'
import { realData, run, without, withoutRealData } from '../support/run.ts'
import {
  AUTHORITY,
  FILE_SIGNER,
  type TestCertificate,
  testCertificate,
} from '../support/test-ca.ts'

const skip = without('ssh', 'rsync', 'openssl') || withoutRealData()

interface World extends AsyncDisposable {
  readonly network: TestNetwork
  /** Makes the `.sign` of a real file that is uploaded as `as`. */
  sign(real: string, as: string, signer?: TestCertificate): Promise<string>
  readonly stranger: TestCertificate
}

/** ClamAV's real databases, and an authority of the test's own that their clients would trust. */
async function world(always: readonly ('patch' | 'sign')[]): Promise<World> {
  await using starting = new AsyncDisposableStack()
  const { path } = starting.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-sign-')))
  const certs = join(path, 'certs')
  await mkdir(certs)
  const root = testCertificate(certs, 'Root', { extensions: AUTHORITY, rsa: true })
  const others = join(path, 'others')
  await mkdir(others)
  const leaf = { issuer: root, extensions: FILE_SIGNER, rsa: true }
  const signer = testCertificate(others, 'Signer', leaf)
  const stranger = testCertificate(others, 'Stranger', { rsa: true })
  const network = starting.use(
    await testNetwork(1, { publishers: () => [{ keys: CLAMAV_KEYS, certs, always }] }),
  )
  const running = starting.move()
  return {
    network,
    stranger,
    async sign(real, as, { certificate, key } = signer) {
      const file = join(path, as)
      await copyFile(realData(`clamav/${real}`), file)
      const args = ['cvd', 'sign', file, '--cert', certificate, '--key', key]
      const end = await run(process.execPath, ['bin/cvdnet.ts', ...args])
      assert.equal(end.status, 0, end.all)
      return join(path, `${real}.sign`)
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

const testCvd = (version: number) => ({
  path: realData(`clamav/test-${version}.cvd`),
  as: 'test.cvd',
})
const cdiff = (version: number) => realData(`clamav/test-${version}.cdiff`)

async function statusOf({ json }: TestNetwork, file: string): Promise<number> {
  const [mirror] = json.mirrors
  return (await fetch(`http://${mirror?.host}:${mirror?.httpPort}/${file}`)).status
}

test('signatures that the publisher’s clients trust travel, and go with what they sign', {
  skip,
}, async () => {
  await using it = await world([])
  const { network } = it
  const first = await network.release([testCvd(1), await it.sign('test-1.cvd', 'test.cvd')])
  assert.match(first, /test-1\.cvd\.sign: [\d,]+ bytes, signed by Signer/)
  assert.equal(await statusOf(network, 'test-1.cvd.sign'), 200)
  await network.release([
    testCvd(2),
    cdiff(2),
    await it.sign('test-2.cvd', 'test.cvd'),
    await it.sign('test-2.cdiff', 'test-2.cdiff'),
  ])
  for (const [file, status] of [
    ['test-2.cvd.sign', 200],
    ['test-2.cdiff.sign', 200],
    ['test-1.cvd.sign', 404],
  ] as const) {
    assert.equal(await statusOf(network, file), status, file)
  }
  // Of a version without one, only the patch keeps its signature.
  await network.release([testCvd(3), cdiff(3)])
  assert.equal(await statusOf(network, 'test-2.cvd.sign'), 404)
  assert.equal(await statusOf(network, 'test-2.cdiff.sign'), 200)
  const later = await network.release([await it.sign('test-3.cvd', 'test.cvd')])
  assert.match(later, /accepted: test-3\.cvd\.sign is published/)
  assert.equal(await statusOf(network, 'test-3.cvd.sign'), 200)
})

test('a signature that clients refuse, or cannot try, is refused with its reason', {
  skip,
}, async () => {
  await using it = await world([])
  const { network } = it
  const refused = async (sign: string | { path: string; as: string }, reason: RegExp) => {
    await network.upload([testCvd(2), sign])
    const end = await network.trigger()
    assert.equal(end.status, 1, end.all)
    assert.match(end.err, reason)
    assert.equal(await statusOf(network, 'test.cvd'), 404)
  }
  const as = 'test-2.cvd.sign'
  // The genuine one, which this authority's clients would not know.
  const genuine = realData('clamav/test-2.cvd.sign')
  await refused(genuine, /test-2\.cvd\.sign: engines from 1\.5 on would not take it for good: /)
  const stranger = await it.sign('test-2.cvd', 'test.cvd', it.stranger)
  await refused(stranger, /test-2\.cvd\.sign: engines/)
  const other = await it.sign('test-3.cvd', 'test.cvd')
  await refused({ path: other, as }, /test-2\.cvd\.sign: engines/)
  await refused({ path: realData('clamav/clamav-test.crt'), as }, /test-2\.cvd\.sign: engines/)
  await network.release([testCvd(2), await it.sign('test-2.cvd', 'test.cvd')])
})

test('a publisher who always ships patches and signatures is told each one that lacks', {
  skip,
}, async () => {
  await using it = await world(['patch', 'sign'])
  const { network } = it
  await network.upload([testCvd(1)])
  const unsigned = await network.trigger()
  assert.equal(unsigned.status, 1)
  assert.match(
    unsigned.err,
    /test\.cvd: comes without test-1\.cvd\.sign, and its publisher always signs/,
  )
  await network.release([testCvd(1), await it.sign('test-1.cvd', 'test.cvd')])
  await network.upload([testCvd(2), await it.sign('test-2.cvd', 'test.cvd')])
  const alone = await network.trigger()
  assert.equal(alone.status, 1)
  assert.match(alone.err, /test\.cvd: comes without test-2\.cdiff, and its publisher always ships/)
  const signs = [
    await it.sign('test-2.cvd', 'test.cvd'),
    await it.sign('test-2.cdiff', 'test-2.cdiff'),
  ]
  await network.release([testCvd(2), cdiff(2), ...signs])
})
