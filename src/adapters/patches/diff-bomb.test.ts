import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diffMembers, type MemberSet } from '#formats/cdiff/index.ts'

/** A process of its own, so that its peak of memory is this test's. */
const MIB = 1024 * 1024
const residentMiB = () => process.resourceUsage().maxRSS / 1024

function setOf(make: () => Iterable<string>): MemberSet {
  return {
    names: ['f'],
    async *read() {
      for (const text of make()) yield Buffer.from(text)
    },
  }
}

/** `times` blocks of a MiB; the lines in them are numbered, so that no two are alike. */
function* numbered(times: number, mark: string): Generator<string> {
  const width = 64
  for (let block = 0; block < times; block += 1) {
    const lines = Array.from({ length: MIB / width }, (_, at) =>
      `${mark}${block}-${at}`.padEnd(width - 1, '.'),
    )
    yield `${lines.join('\n')}\n`
  }
}

function* repeated(text: string, times: number): Generator<string> {
  for (let block = 0; block < times; block += 1) yield text
}

const CASES: readonly (readonly [string, MemberSet, MemberSet, string, number])[] = [
  [
    'a member without line ends',
    setOf(() => ['a\n']),
    setOf(() => repeated('x'.repeat(MIB), 512)),
    'line-too-long',
    100,
  ],
  [
    'more new lines than a script may hold',
    { names: [], read: () => assert.fail() },
    setOf(() => numbered(300, 'n')),
    'change-too-large',
    320,
  ],
  [
    'a member that is another one altogether',
    setOf(() => numbered(150, 'o')),
    setOf(() => numbered(150, 'n')),
    'change-too-large',
    400,
  ],
]
for (const [situation, old, fresh, kind, growthMiBMax] of CASES) {
  test(`${situation} is refused in bounded memory`, async () => {
    const before = residentMiB()
    const script = await diffMembers(old, fresh)
    assert.ok(!script.ok)
    assert.equal(script.fault.kind, kind)
    const growth = residentMiB() - before
    assert.ok(growth < growthMiBMax, `grew by ${growth.toFixed(0)} MiB`)
  })
}

test('an old member that cannot be edited is written anew, without being read to its end', async () => {
  const old = setOf(() => repeated('x'.repeat(MIB), 2048))
  const script = await diffMembers(
    old,
    setOf(() => ['a\n']),
  )
  assert.ok(script.ok)
  assert.equal(Buffer.from(script.value).toString(), 'UNLINK f\nOPEN f\nADD a\nCLOSE\n')
})

test('lines that are all alike, and lines without bytes, take no time to speak of', async () => {
  const alike = 'the same\n'.repeat(MIB / 16)
  const start = performance.now()
  for (const text of [alike, '\n'.repeat(MIB)]) {
    const old = setOf(() => repeated(text, 8))
    const fresh = setOf(() => [...repeated(text, 4), 'another\n', ...repeated(text, 3)])
    const script = await diffMembers(old, fresh)
    assert.ok(script.ok)
  }
  const seconds = (performance.now() - start) / 1000
  assert.ok(seconds < 30, `${seconds} s`)
})
