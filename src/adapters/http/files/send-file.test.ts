import assert from 'node:assert/strict'
import { mkdtempDisposable, open, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { sendSpan } from './send-file.ts'

test('a connection that is kept bears no trace of the files that were sent over it', async () => {
  await using dir = await mkdtempDisposable(join(tmpdir(), 'cvdnet-send-'))
  await writeFile(join(dir.path, 'daily.cvd'), 'ClamAV-VDB:')
  await using handle = await open(join(dir.path, 'daily.cvd'))
  const got: string[] = []
  const out = new Writable({
    write: (bytes, _, done) => {
      got.push(String(bytes))
      done()
    },
  })
  const listeners = out.listenerCount('close')
  for (let sent = 0; sent < 3; sent += 1) {
    const options = { span: { from: 7, bytes: 3 }, onPiece: () => {} }
    assert.deepEqual(await sendSpan(out, { handle, shared: undefined }, options), {
      bytes: 3,
      complete: true,
    })
  }
  assert.deepEqual(got, ['VDB', 'VDB', 'VDB'])
  assert.equal(out.listenerCount('close'), listeners)
})
