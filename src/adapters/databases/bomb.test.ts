import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { constants, deflateRawSync } from 'node:zlib'
import { CVD_LIMITS, printTarHeader } from '#formats/cvd/index.ts'
import { examineFile } from './index.ts'

/** A process of its own, so that its peak of memory is this test's. */
const MIB = 1024 * 1024
const GROWTH_MIB_MAX = 64

const folder = mkdtempSync(join(tmpdir(), 'cvdnet-bomb-'))
after(() => rmSync(folder, { recursive: true }))
const { signal } = new AbortController()
const options = { verifiers: [], signal }
const residentMiB = () => process.resourceUsage().maxRSS / 1024

const HEADER =
  'ClamAV-VDB:22 Jun 2021 14-58 -0400:1:0:81:a4ab60ae1c1c4e8f787459102dcfd90b:X:bomber:1624388302'.padEnd(
    512,
  )
const GZIP = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3)

/** A database whose deflated `block` is repeated, behind one tar header. */
function bomb(file: string, tarHeader: Uint8Array, block: Uint8Array, times: number): string {
  const path = join(folder, file)
  const fd = openSync(path, 'w')
  const packed = (bytes: Uint8Array) =>
    deflateRawSync(bytes, { level: 9, finishFlush: constants.Z_FULL_FLUSH })
  writeSync(fd, HEADER)
  writeSync(fd, GZIP)
  writeSync(fd, packed(tarHeader))
  const piece = packed(block)
  for (let time = 0; time < times; time += 1) writeSync(fd, piece)
  closeSync(fd)
  return path
}

async function faultsAndGrowth(path: string): Promise<{ kinds: string[]; growthMiB: number }> {
  const before = residentMiB()
  const { faults } = await examineFile(path, options)
  return { kinds: faults.map(({ kind }) => kind), growthMiB: residentMiB() - before }
}

test('bombs of every kind are refused in bounded memory', async () => {
  const zeros = new Uint8Array(MIB)
  const large = printTarHeader({ name: 'COPYING', bytes: 8 * 1024 * MIB - 512 })
  const cases = [
    // Two GiB of zeros in two MB.
    { kind: 'ratio-too-high', path: bomb('zeros.cud', large, zeros, 2048) },
    // A list of members that would have to be held.
    {
      kind: 'info-too-large',
      path: bomb('info.cud', printTarHeader({ name: 'a.info', bytes: 1e9 }), zeros, 1000),
    },
    // A list of members as large as is allowed, then as many members as it takes.
    {
      kind: 'too-many-members',
      path: bomb(
        'members.cud',
        printTarHeader({ name: 'm0.ndb', bytes: 0 }),
        Buffer.concat(
          Array.from({ length: 2000 }, (_, at) => printTarHeader({ name: `m${at}`, bytes: 0 })),
        ),
        30,
      ),
    },
  ]
  for (const { kind, path } of cases) {
    const { kinds, growthMiB } = await faultsAndGrowth(path)
    assert.ok(kinds.includes(kind), `${kind}: ${kinds}`)
    assert.ok(growthMiB < GROWTH_MIB_MAX, `${kind} took ${growthMiB} MiB`)
  }
})

test('an endless file is left at the size limit', async () => {
  const path = join(folder, 'endless.cvd')
  const limits = { ...CVD_LIMITS, fileBytesMax: 200 * MIB }
  const fd = openSync(path, 'w')
  writeSync(fd, HEADER)
  writeSync(fd, Buffer.from('end'), 0, 3, 300 * MIB)
  closeSync(fd)
  const before = residentMiB()
  const { faults, bytes } = await examineFile(path, { ...options, limits })
  assert.ok(faults.some(({ kind }) => kind === 'file-too-large'))
  assert.ok(bytes < limits.fileBytesMax + MIB)
  assert.ok(residentMiB() - before < GROWTH_MIB_MAX)
})
