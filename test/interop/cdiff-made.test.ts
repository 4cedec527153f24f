import assert from 'node:assert/strict'
import {
  cpSync,
  mkdirSync,
  mkdtempDisposableSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { newPublisherSecrets } from '#adapters/keys/index.ts'
import { DiskFolder, membersIn } from '#adapters/patches/index.ts'
import { applyScript, diffMembers, parseScript } from '#formats/cdiff/index.ts'
import { printPublisherKeys, printPublisherSecrets, publicKeys } from '#formats/dsig/index.ts'
import { makeOwnKeyClamav, ownKeyClamavMissing } from '../support/own-key-clamav.ts'
import { realData, run, without, withoutRealData } from '../support/run.ts'

/** Patches that we make, judged by ClamAV's programs; and how long they are beside sigtool's. */
const skip = without('sigtool')

const cvdnet = (...args: readonly string[]) =>
  run(process.execPath, ['bin/cvdnet.ts', 'cvd', ...args])

function content(folder: string): ReadonlyMap<string, string> {
  return new Map(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'latin1')]),
  )
}

async function applyOurs(folder: string, script: Uint8Array): Promise<void> {
  const parsed = parseScript(script)
  assert.ok(parsed.ok, JSON.stringify(parsed))
  const end = await applyScript(parsed.value, new DiskFolder(folder))
  assert.ok(end.ok, JSON.stringify(end))
}

test('between real versions our scripts are no longer than sigtool’s, and each applies the other’s', {
  skip: skip || withoutRealData(),
}, async () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'cdiff-made-'))
  for (const version of [2, 3, 4, 5]) {
    // sigtool takes the name of the database from the file.
    const [old, fresh] = ['old/test.cvd', 'test.cvd']
    const name = `test-${version}.script`
    const home = join(place.path, String(version))
    mkdirSync(join(home, 'old'), { recursive: true })
    cpSync(realData(`clamav/test-${version - 1}.cvd`), join(home, old))
    cpSync(realData(`clamav/test-${version}.cvd`), join(home, fresh))
    const made = await run('sigtool', [`--diff=${old}`, fresh], { cwd: home })
    assert.equal(made.status, 0, made.all)
    const theirs = readFileSync(join(home, name))
    const output = join(place.path, name)
    const end = await cvdnet('diff', join(home, old), join(home, fresh), '--script', '-o', output)
    assert.equal(end.status, 0, end.all)
    const ours = readFileSync(output)
    assert.ok(ours.byteLength <= theirs.byteLength, `${ours.byteLength} > ${theirs.byteLength}`)
    const folders = {
      ours: join(home, 'ours'),
      theirs: join(home, 'theirs'),
      wanted: join(home, 'wanted'),
    }
    for (const [folder, file] of [
      [folders.ours, old],
      [folders.theirs, old],
      [folders.wanted, fresh],
    ] as const) {
      mkdirSync(folder)
      await run('sigtool', ['--unpack', join(home, file)], { cwd: folder })
    }
    const judged = await run('sigtool', [`--run-cdiff=${output}`], { cwd: folders.theirs })
    assert.equal(judged.status, 0, judged.all)
    await applyOurs(folders.ours, theirs)
    assert.deepEqual(content(folders.theirs), content(folders.wanted))
    assert.deepEqual(content(folders.ours), content(folders.wanted))
  }
})

/** What happens to a member from one version to the next. */
const word = fc.constantFrom('a', 'b:c', 'Win.Trojan-1:0:*:00', 'd e f', ' g', '', 'Html.A;x;0;ab')
const line = fc
  .tuple(word, fc.nat(40))
  .map(([text, number]) => (number < 20 ? `${text}${number}` : text))
const member = fc.array(line, { minLength: 1, maxLength: 60 })
const change = fc.record({
  kind: fc.constantFrom('del', 'xchg', 'add', 'insert', 'hole', 'same'),
  at: fc.double({ min: 0, max: 0.999, noNaN: true }),
  text: line,
})

function evolve(
  lines: readonly string[],
  changes: readonly { kind: string; at: number; text: string }[],
) {
  const fresh = [...lines]
  for (const { kind, at, text } of changes) {
    const place = Math.floor(at * fresh.length)
    if (kind === 'del') fresh.splice(place, 1)
    else if (kind === 'xchg') fresh[place] = text
    else if (kind === 'insert') fresh.splice(place, 0, text)
    else if (kind === 'add') fresh.push(text)
    else if (kind === 'hole') fresh.splice(place, 9)
  }
  return fresh.length === 0 ? ['# empty'] : fresh
}

const textOf = (lines: readonly string[]) => lines.map((text) => `${text}\n`).join('')

test('law: sigtool applies what we make; over many changes we need fewer bytes than it does', {
  skip,
}, async () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'cdiff-made-'))
  const cases = fc.sample(fc.tuple(member, fc.array(change, { maxLength: 6 })), {
    numRuns: 150,
    seed: 5,
  })
  const bytes = { ours: 0, theirs: 0 }
  let longer = 0
  for (const [index, [lines, changes]] of cases.entries()) {
    const [old, fresh] = [join(place.path, `${index}-old`), join(place.path, `${index}-new`)]
    for (const folder of [old, fresh]) mkdirSync(folder)
    writeFileSync(join(old, 'a.ndb'), textOf(lines))
    writeFileSync(join(fresh, 'a.ndb'), textOf(evolve(lines, changes)))
    const script = await diffMembers(membersIn(old, ['a.ndb']), membersIn(fresh, ['a.ndb']))
    assert.ok(script.ok, JSON.stringify(script))
    const compared = await run('sigtool', ['--compare', join(old, 'a.ndb'), join(fresh, 'a.ndb')])
    const ours = script.value.byteLength
    const theirs = compared.out.replaceAll(/^(OPEN|UNLINK) .*\/a\.ndb$/gm, '$1 a.ndb').length
    bytes.ours += ours
    bytes.theirs += theirs
    if (ours > theirs) longer += 1
    writeFileSync(join(place.path, 'a-2.script'), script.value)
    // It complains that there is no list of members to check against, when it is done.
    const judged = await run('sigtool', [`--run-cdiff=${join(place.path, 'a-2.script')}`], {
      cwd: old,
    })
    assert.doesNotMatch(judged.err, / on line \d+/)
    assert.deepEqual(content(old), content(fresh))
  }
  assert.ok(bytes.ours < bytes.theirs * 0.95, JSON.stringify(bytes))
  assert.ok(longer <= cases.length * 0.03, `${longer} of ${cases.length} are longer than sigtool’s`)
})

test('a line of any length passes through sigtool', { skip }, async () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'cdiff-made-'))
  const [old, fresh] = [join(place.path, 'old'), join(place.path, 'new')]
  for (const folder of [old, fresh]) mkdirSync(folder)
  const long = 'x'.repeat(100_000)
  writeFileSync(join(old, 'a.ndb'), textOf(['a', long, 'b']))
  writeFileSync(join(fresh, 'a.ndb'), textOf(['a', long, `y${long}`]))
  const script = await diffMembers(membersIn(old, ['a.ndb']), membersIn(fresh, ['a.ndb']))
  assert.ok(script.ok)
  writeFileSync(join(place.path, 'a-2.script'), script.value)
  await run('sigtool', [`--run-cdiff=${join(place.path, 'a-2.script')}`], { cwd: old })
  assert.deepEqual(content(old), content(fresh))
})

test('sigtool and freshclam that trust our keys take a patch of ours, and no changed one', {
  skip: without('sigtool', 'freshclam') || (ownKeyClamavMissing() ?? false),
}, async () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'cdiff-made-'))
  const at = (file: string) => join(place.path, file)
  const secrets = await newPublisherSecrets('acme')
  writeFileSync(at('key'), printPublisherSecrets(secrets))
  writeFileSync(at('keys'), printPublisherKeys(publicKeys(secrets)))
  const own = makeOwnKeyClamav(at('own'), publicKeys(secrets))
  mkdirSync(at('in'))
  const build = async (version: number, signatures: readonly string[]) => {
    writeFileSync(at('in/test.ndb'), textOf(signatures))
    const output = at(`test-${version}.cvd`)
    const options = ['--name', 'test', '--version', String(version), '--key', at('key')]
    const built = await cvdnet('build', at('in'), ...options, '-o', output)
    assert.equal(built.status, 0, built.all)
    return output
  }
  const signatures = Array.from(
    { length: 50 },
    (_, index) => `Test.${index}:0:*:deadbeef${index + 10}`,
  )
  const first = await build(1, signatures)
  const second = await build(2, [...signatures.slice(3), 'Test.New:0:*:feedbeef'])
  const made = await cvdnet(
    'diff',
    first,
    second,
    '--key',
    at('key'),
    '--keys',
    at('keys'),
    '-o',
    at('test-2.cdiff'),
  )
  assert.equal(made.status, 0, made.all)

  mkdirSync(at('unpacked'))
  await run(own.sigtool, ['--unpack', first], { cwd: at('unpacked'), env: own.env })
  const judged = await run(own.sigtool, [`--run-cdiff=${at('test-2.cdiff')}`], {
    cwd: at('unpacked'),
    env: own.env,
  })
  assert.equal(judged.status, 0, judged.all)
  assert.equal(readFileSync(at('unpacked/test.ndb'), 'utf8').split('\n').length, 49)

  const asked: string[] = []
  let files = new Map([['/test.cvd', readFileSync(first)]])
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const body = files.get(request.url ?? '')
    if (body === undefined) response.writeHead(404).end()
    else if (request.headers.range === 'bytes=0-511')
      response.writeHead(206).end(body.subarray(0, 512))
    else response.writeHead(200).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  mkdirSync(at('client'))
  const owner = process.getuid?.() === 0 ? ['DatabaseOwner root'] : []
  const conf = [
    ...owner,
    `DatabaseDirectory ${at('client')}`,
    'MaxAttempts 1',
    `DatabaseMirror http://127.0.0.1:${address.port}`,
    '',
  ]
  writeFileSync(at('freshclam.conf'), conf.join('\n'))
  const update = () =>
    run(
      'freshclam',
      ['--no-dns', '--stdout', `--config-file=${at('freshclam.conf')}`, '--update-db=test'],
      { env: own.env },
    )
  const whole = await update()
  assert.equal(whole.status, 0, whole.all)
  files = new Map([
    ['/test.cvd', readFileSync(second)],
    ['/test-2.cdiff', readFileSync(at('test-2.cdiff'))],
  ])
  asked.length = 0
  const patched = await update()
  assert.equal(patched.status, 0, patched.all)
  assert.deepEqual(asked, ['/test.cvd', '/test-2.cdiff'])
  assert.deepEqual(
    readdirSync(at('client')).filter((file) => file.startsWith('test')),
    ['test.cld'],
  )

  // Ours makes the same of it as freshclam did.
  const applied = await cvdnet(
    'apply',
    first,
    at('test-2.cdiff'),
    '--keys',
    at('keys'),
    '-o',
    at('ours.cld'),
  )
  assert.equal(applied.status, 0, applied.all)
  const theirs = await cvdnet('verify', '--keys', at('keys'), join(at('client'), 'test.cld'))
  assert.equal(theirs.status, 0, theirs.all)
  assert.deepEqual(readFileSync(at('ours.cld')), readFileSync(join(at('client'), 'test.cld')))

  const spoilt = readFileSync(at('test-2.cdiff'))
  spoilt[200] = (spoilt[200] ?? 0) ^ 1
  rmSync(at('client'), { recursive: true })
  mkdirSync(at('client'))
  files = new Map([['/test.cvd', readFileSync(first)]])
  await update()
  files = new Map([
    ['/test.cvd', readFileSync(second)],
    ['/test-2.cdiff', spoilt],
  ])
  await update()
  server.close()
  assert.deepEqual(
    readdirSync(at('client')).filter((file) => file.startsWith('test')),
    ['test.cvd'],
  )
})
