import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newPublisherSecrets } from '#adapters/keys/index.ts'
import { problemId } from '#core/notices/index.ts'
import { upstreamProblemKey } from '#core/upstream/index.ts'
import { HEADER_BYTES, parseHeader, printHeader } from '#formats/cvd/index.ts'
import { acmeVersions } from '../../../test/support/acme-versions.ts'
import { type Acme, following, has } from '../../../test/support/following-master.ts'
import { honest, lyingUpstream, SILENCE } from '../../../test/support/lying-upstream.ts'
import { httpAnswer } from '../../../test/support/raw-mirror.ts'
import { eventually, without } from '../../../test/support/run.ts'
import { aName, aVersion } from '../../../test/support/values.ts'

/** What servers say that is not so, and what they refuse. Whatever it is: what is published stays as it is. */
const skip = without('rsync')
const HEADER = 'acme.cvd bytes=0-511'
const WHOLE = 'acme.cvd'

/** The version stands in the header unsigned: only the rest of the file tells that there is no such version. */
function called(cvd: Uint8Array, version: number): Uint8Array {
  const header = parseHeader(cvd.subarray(0, HEADER_BYTES), 'strict')
  if (!header.ok) throw new Error('Cannot read the header')
  const head = printHeader({ ...header.value, version: aVersion(version) })
  return Buffer.concat([head, cvd.subarray(HEADER_BYTES)])
}

const PAGE = Buffer.from('<html>Please log in</html>'.repeat(100))

const HEADER_LIES: readonly (readonly [
  string,
  (acme: Acme) => Promise<Uint8Array>,
  RegExp | undefined,
])[] = [
  ['a portal’s page', async () => PAGE, /it does not begin as a database/],
  [
    'a database of another publisher’s keys',
    async ({ other }) => other(2, { by: await newPublisherSecrets('acme') }),
    /no publisher that counts for this database has signed its beginning/,
  ],
  ['an older version', async ({ cvd }) => cvd(1), undefined],
]

for (const [what, lie, told] of HEADER_LIES) {
  test(`${what} costs its beginning and no more`, { skip }, async () => {
    const acme = await acmeVersions()
    await using it = await following(acme, { first: 2 })
    await has(it.master, 2)
    const fetched = it.upstream.asksFor(WHOLE)
    it.upstream.files['acme.cvd'] = await lie(acme)
    await it.looks()
    if (told === undefined) assert.doesNotMatch(it.said(), /could not be had|refused/)
    else assert.match(it.said(), told)
    assert.equal(it.upstream.asksFor(WHOLE), fetched)
    assert.equal(it.master.versionOf('acme'), 2)
    // What was wrong is over when it is over.
    it.upstream.files['acme.cvd'] = acme.cvd(3)
    await has(it.master, 3)
  })
}

test('a version that does not exist is fetched once, and not again after a restart either', {
  skip,
}, async () => {
  const acme = await acmeVersions()
  await using it = await following(acme)
  await has(it.master, 1)
  it.upstream.files['acme.cvd'] = called(acme.cvd(1), 9)
  await eventually(async () =>
    assert.match(it.said(), /acme 9 is refused, and left alone for 4 hours/),
  )
  await it.looks()
  await it.restart()
  await it.looks()
  assert.equal(it.upstream.asksFor(WHOLE), 2)
  assert.doesNotMatch(it.said(), /refused/)
  assert.equal(it.master.versionOf('acme'), 1)
  it.upstream.files['acme.cvd'] = acme.cvd(2)
  await has(it.master, 2)
})

test('one server that lies does not keep the true ones from being believed', { skip }, async () => {
  const acme = await acmeVersions()
  await using liar = await lyingUpstream({ 'acme.cvd': called(acme.cvd(1), 9) })
  await using it = await following(acme, { before: [liar.url] })
  await has(it.master, 1)
  it.upstream.files['acme.cvd'] = acme.cvd(2)
  await has(it.master, 2)
  await it.looks()
  assert.equal(liar.asksFor(WHOLE), 1, liar.asked.join())
})

async function problemOf({ store }: Awaited<ReturnType<typeof following>>) {
  const id = problemId({ key: upstreamProblemKey(aName('acme')) })
  return (await store.notices.problems.get(id))?.value
}

test('what the gate refuses is told once, is a problem until better comes, and is not fetched again', {
  skip,
}, async () => {
  const acme = await acmeVersions()
  await using it = await following(acme)
  await has(it.master, 1)
  assert.equal(await problemOf(it), undefined)
  // Genuine, and built in an hour.
  const builtAt = Math.floor(Date.now() / 1000) + 3600
  it.upstream.files['acme.cvd'] = acme.other(2, { builtAt })
  await eventually(async () =>
    assert.match(
      it.said(),
      /acme 2 is refused, and left alone for 24 hours: acme\.cvd: its build time is \d+ s in the future/,
    ),
  )
  await it.looks()
  assert.equal(it.said().match(/is refused/g)?.length, 1, it.said())
  const problem = await problemOf(it)
  assert.equal(problem?.title, 'acme 2 of the upstream is refused')
  assert.match(problem.lines.join(' '), /in the future/)
  assert.ok(problem.lastAt > Date.now())
  await it.restart()
  await it.looks()
  assert.equal(it.upstream.asksFor(WHOLE), 2)
  const journal = await it.store.journal.read({ limit: 10 })
  const refused = journal.filter(({ what }) => what === 'refused')
  assert.deepEqual(
    refused.map(({ who }) => who),
    ['upstream'],
  )
  assert.ok(await problemOf(it))
  it.upstream.files['acme.cvd'] = acme.cvd(3)
  await has(it.master, 3)
  await eventually(async () => assert.equal(await problemOf(it), undefined))
  // A monitor has told of one: it is left to that one for its all-clear, and is over.
  it.upstream.files['acme.cvd'] = acme.other(4, { builtAt })
  const letters = await eventually(async () => {
    const problem = await problemOf(it)
    assert.ok(problem)
    const { problems } = it.store.notices
    const id = problemId(problem)
    const stored = await problems.get(id)
    const written = await problems.put(id, { ...problem, letters: [id] }, stored?.revision)
    assert.ok(written.ok)
    return [id]
  })
  it.upstream.files['acme.cvd'] = acme.cvd(5)
  await has(it.master, 5)
  await eventually(async () => assert.ok(((await problemOf(it))?.lastAt ?? 0) <= Date.now()))
  assert.deepEqual((await problemOf(it))?.letters, letters)
})

test('nobody is told any more of a database that is not followed any more', { skip }, async () => {
  const acme = await acmeVersions()
  await using it = await following(acme)
  await has(it.master, 1)
  const builtAt = Math.floor(Date.now() / 1000) + 3600
  it.upstream.files['acme.cvd'] = acme.other(2, { builtAt })
  await eventually(async () => assert.ok(await problemOf(it)))
  await it.restart({ databases: ['other'] })
  await eventually(async () => assert.equal(await problemOf(it), undefined))
})

test('other settings may take what was refused under the old ones', { skip }, async () => {
  const acme = await acmeVersions()
  await using it = await following(acme)
  await has(it.master, 1)
  const builtAt = Math.floor(Date.now() / 1000) + 3600
  it.upstream.files['acme.cvd'] = acme.other(2, { builtAt })
  await eventually(async () => assert.match(it.said(), /acme 2 is refused/))
  await it.restart({ publisher: { always: ['patch'] } })
  // The patch has to be there now, and what the gate would refuse without it is not even handed in.
  await eventually(async () =>
    assert.match(it.said(), /acme could not be had: no server has acme-2\.cdiff/),
  )
  it.upstream.files['acme.cvd'] = acme.cvd(2)
  await it.looks()
  assert.equal(it.upstream.asksFor(WHOLE), 2)
  it.upstream.files['acme-2.cdiff'] = await acme.patch(2)
  await has(it.master, 2)
  assert.equal(it.upstream.asksFor(WHOLE), 2)
  assert.deepEqual(it.patches(), ['acme-2.cdiff'])
})

test('a 403 is no reason to ask more, nor to stay away', { skip }, async () => {
  const acme = await acmeVersions()
  await using it = await following(acme)
  await has(it.master, 1)
  it.upstream.instead = () => httpAnswer('', '403 Forbidden')
  const before = it.upstream.asked.length
  await it.looks()
  assert.match(it.said(), /acme could not be had: http:\/\/127.0.0.1:\d+: acme\.cvd: status 403/)
  // One question a look.
  assert.deepEqual([...new Set(it.upstream.asked.slice(before))], [HEADER])
  it.upstream.files['acme.cvd'] = acme.cvd(2)
  it.upstream.instead = () => undefined
  await has(it.master, 2)
})

test('who asks to be left alone is, also after a restart', { skip }, async () => {
  const acme = await acmeVersions()
  await using it = await following(acme)
  await has(it.master, 1)
  it.upstream.instead = () => httpAnswer('', '429 Too Many Requests', 'Retry-After: 600\r\n')
  await eventually(async () => assert.match(it.said(), /ask to be left alone for 600 seconds/))
  await eventually(async () => assert.match(it.said(), /have asked to be left alone until 20/))
  const asked = it.upstream.asked.length
  await it.restart()
  await eventually(async () => assert.match(it.said(), /have asked to be left alone until 20/))
  assert.equal(it.upstream.asked.length, asked)
  assert.equal(it.master.versionOf('acme'), 1)
})

test('what broke off goes on, also after a restart', { skip }, async () => {
  const acme = await acmeVersions()
  await using it = await following(acme)
  await has(it.master, 1)
  const file = acme.cvd(2)
  it.upstream.files['acme.cvd'] = file
  const cut = honest(file).slice(0, 700 - file.byteLength)
  let isCut = false
  it.upstream.instead = (question) => {
    if (question !== WHOLE || isCut)
      return question.startsWith('acme.cvd bytes=7') ? httpAnswer('', '503 Busy') : undefined
    isCut = true
    return cut
  }
  const rest = 'acme.cvd bytes=700-'
  await eventually(async () => assert.ok(it.upstream.asksFor(rest) > 0, it.said()))
  await it.restart()
  it.upstream.instead = () => undefined
  await has(it.master, 2)
  assert.equal(it.upstream.asksFor(WHOLE), 2, it.upstream.asked.join())
})

test('a server that is silent holds up nobody who stops the master', { skip }, async () => {
  const acme = await acmeVersions()
  await using it = await following(acme)
  await has(it.master, 1)
  it.upstream.files['acme.cvd'] = acme.cvd(2)
  it.upstream.instead = (question) => (question === WHOLE ? SILENCE : undefined)
  await eventually(async () => assert.equal(it.upstream.asksFor(WHOLE), 2))
  const since = Date.now()
  await it.master[Symbol.asyncDispose]()
  assert.ok(Date.now() - since < 10_000)
  assert.equal(it.master.versionOf('acme'), 1)
})
