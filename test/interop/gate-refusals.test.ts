import assert from 'node:assert/strict'
import { mkdir, mkdtempDisposable, readdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { loadOrMakeKey } from '#adapters/ssh/index.ts'
import { layout } from '../../dev/demo/layout.ts'
import { type TestNetwork, testNetwork } from '../support/network.ts'
import { realData, run, without, withoutRealData } from '../support/run.ts'

const skip = without('ssh', 'rsync') || withoutRealData()
const cvd = (version: number) => realData(`clamav/test-${version}.cvd`)

/** What a sigmaker might upload by mistake or malice, and how the master answers (R95, R96). */
const UPLOADS: readonly {
  readonly situation: string
  readonly as: string
  readonly bytes: () => Promise<Uint8Array>
  readonly reason: RegExp
}[] = [
  {
    situation: 'a byte of the payload is flipped',
    as: 'test.cvd',
    bytes: async () => changed(await readFile(cvd(4)), (bytes) => flip(bytes, 5000)),
    reason: /test\.cvd: .*MD5/,
  },
  {
    situation: 'the header is relabelled to a higher version',
    as: 'test.cvd',
    bytes: async () => changed(await readFile(cvd(4)), (bytes) => relabel(bytes, ':4:', ':9:')),
    reason: /test\.cvd: .*version/i,
  },
  {
    situation: 'an older version',
    as: 'test.cvd',
    bytes: () => readFile(cvd(2)),
    reason: /test\.cvd: version 2 is not above the published version 3/,
  },
  {
    situation: 'a genuine database under another name',
    as: 'daily.cvd',
    bytes: () => readFile(cvd(4)),
    reason: /daily\.cvd: its member "test\.info" does not belong/,
  },
  {
    situation: 'a truncated file',
    as: 'test.cvd',
    bytes: async () => (await readFile(cvd(4))).subarray(0, 6000),
    reason: /test\.cvd: /,
  },
  {
    situation: 'an empty file',
    as: 'test.cvd',
    bytes: async () => new Uint8Array(0),
    reason: /test\.cvd: /,
  },
  {
    situation: 'a file that is no database at all',
    as: 'test.cvd',
    bytes: async () => Buffer.from('<html>captive portal</html>'.repeat(100)),
    reason: /test\.cvd: /,
  },
  {
    situation: 'a patch that leads elsewhere',
    as: 'test-4.cdiff',
    bytes: async () => readFile(realData('clamav/test-5.cdiff')),
    reason: /test-4\.cdiff: /,
  },
  {
    situation: 'a .sign that cannot be checked',
    as: 'test-3.cvd.sign',
    bytes: () => readFile(realData('clamav/test-3.cvd.sign')),
    reason: /test-3\.cvd\.sign: no certificate authority/,
  },
  {
    situation: 'a .sign for what is not here',
    as: 'test-4.cvd.sign',
    bytes: () => readFile(realData('clamav/test-4.cvd.sign')),
    reason: /test-4\.cvd\.sign: signs test-4\.cvd, and no database/,
  },
  {
    situation: 'a plain file outside a signed set',
    as: 'acme.ndb',
    bytes: async () => Buffer.from('Acme.Test:0:*:00112233\n'),
    reason: /acme\.ndb: .*signed set/,
  },
  {
    situation: 'a name with the version in it',
    as: 'test-4.cvd',
    bytes: () => readFile(cvd(4)),
    reason: /test-4\.cvd: .*upload it as test\.cvd/,
  },
]

function changed(bytes: Buffer, change: (bytes: Buffer) => void): Uint8Array {
  change(bytes)
  return bytes
}

function flip(bytes: Buffer, at: number): void {
  bytes[at] = (bytes[at] ?? 0) ^ 1
}

function relabel(bytes: Buffer, from: string, to: string): void {
  const at = bytes.indexOf(from)
  assert.ok(at > 0 && at < 512)
  bytes.write(to, at, 'latin1')
}

describe('the gate, from a sigmaker’s terminal', { skip }, () => {
  let network: TestNetwork
  let state: string

  before(async () => {
    network = await testNetwork(1)
    state = layout(network.folder).master('rsync1')
    await network.release([{ path: cvd(1), as: 'test.cvd' }])
    await network.release([{ path: cvd(3), as: 'test.cvd' }])
  })

  after(async () => {
    await network?.[Symbol.asyncDispose]()
  })

  for (const { situation, as, bytes, reason } of UPLOADS) {
    test(`refused with its reason, nothing changes: ${situation}`, async () => {
      const published = await readlink(join(state, 'current'))
      const file = join(network.folder, 'bad', as)
      await mkdir(join(network.folder, 'bad'), { recursive: true })
      await writeFile(file, await bytes())
      const uploaded = await network.upload([file])
      assert.equal(uploaded.status, 0, uploaded.all)
      const triggered = await network.trigger()
      assert.equal(triggered.status, 1, triggered.all)
      assert.match(triggered.err, reason)
      assert.equal(await readlink(join(state, 'current')), published)
      const aside = (await readdir(join(state, 'refused'))).toSorted().at(-1) ?? ''
      const kept = await readdir(join(state, 'refused', aside))
      assert.deepEqual(kept.toSorted(), [as, 'reasons.txt'].toSorted())
      const [entry] = await network.store.journal.read({ limit: 1 })
      assert.equal(entry?.what, 'refused')
      assert.match(entry.why.join('\n'), reason)
      assert.deepEqual(await readdir(join(state, 'uploads', 'sigmaker', 'public_html')), [])
    })
  }

  test('after all that the next good version passes', async () => {
    const out = await network.release([
      { path: cvd(4), as: 'test.cvd' },
      realData('clamav/test-4.cdiff'),
    ])
    assert.match(out, /accepted: test 4 is published/)
    assert.match(out, /1 of 1 mirrors serve it/)
  })
})

test('a sigmaker releases only what is his, an unknown key or a password opens nothing', {
  skip,
}, async () => {
  await using keys = await mkdtempDisposable(join(tmpdir(), 'cvdnet-keys-'))
  const bob = await loadOrMakeKey(join(keys.path, 'bob'), 'bob')
  await loadOrMakeKey(join(keys.path, 'stranger'), 'stranger')
  await using network = await testNetwork(1, {
    moreSigmakers: [{ name: 'bob', keys: [bob.publicKey], databases: ['acme'], mail: undefined }],
  })
  const [master] = network.json.masters
  assert.ok(master)
  const as = (key: string, ...more: string[]) => [
    ...network.ssh.map((word) =>
      word === network.json.sigmaker.identity ? join(keys.path, key) : word,
    ),
    ...['-o', 'IdentitiesOnly=yes', ...more],
  ]
  const file = join(keys.path, 'test.cvd')
  await writeFile(file, await readFile(cvd(1)))
  const upload = (ssh: readonly string[]) =>
    run('rsync', [
      '-tcz',
      '-e',
      `ssh ${ssh.join(' ')}`,
      file,
      `clamupload@${master.host}:public_html/`,
    ])
  const trigger = (ssh: readonly string[]) =>
    run('ssh', [master.host, ...ssh, '-l', 'clamavdb', 'sleep', '1'])

  assert.equal((await upload(as('bob'))).status, 0)
  const refused = await trigger(as('bob'))
  assert.equal(refused.status, 1)
  assert.match(refused.err, /test\.cvd: you may not release "test"/)

  for (const ssh of [
    as('stranger'),
    as('bob', '-o', 'PreferredAuthentications=password,keyboard-interactive'),
  ]) {
    assert.notEqual((await upload(ssh)).status, 0)
    const closed = await trigger(ssh)
    assert.equal(closed.status, 255)
    assert.match(closed.err, /Permission denied/)
  }
})
