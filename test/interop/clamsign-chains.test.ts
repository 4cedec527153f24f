import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type EpochMs, epochMs } from '#base/time.ts'
import { readCertificate, verifyClamsign } from '#formats/clamsign/index.ts'
import { OpensslSigner, outcomeOf, signText, trusting } from '../support/openssl-signer.ts'
import { without } from '../support/run.ts'
import {
  AUTHORITY,
  FILE_SIGNER,
  pemOf,
  type TestCertificate,
  testCertificate,
} from '../support/test-ca.ts'

/** Which certificates may sign: our verdicts against those of the real openssl, which engines call. */
const skip = without('openssl')
const folder = mkdtempSync(join(tmpdir(), 'cvdnet-chains-'))
after(() => rmSync(folder, { recursive: true }))
const openssl = new OpensslSigner(folder)
const make = (name: string, wish = {}) => testCertificate(folder, name, wish)

const SHA256 = createHash('sha256').update(OpensslSigner.target).digest()
/** An hour ahead, since the certificates are made from now on. */
const NOW = epochMs(Date.now() + 3_600_000)
const YEAR_MS = 365 * 86_400_000

interface Case {
  readonly title: string
  readonly signer: TestCertificate
  readonly others?: readonly TestCertificate[]
  readonly roots: readonly TestCertificate[]
  readonly now?: EpochMs
  readonly expected: string
}

function signersAndPurposes(root: TestCertificate, oldRoot: TestCertificate): readonly Case[] {
  const leaf = (name: string, ...extensions: readonly string[]): TestCertificate =>
    make(name, { issuer: root, extensions })
  const good = leaf('Good', ...FILE_SIGNER)
  const alone = make('Alone')
  const unsuitable = 'bad unsuitable-purpose'
  const roots = [root]
  return [
    { title: 'with emailProtection', signer: good, roots, expected: 'good' },
    {
      title: 'below an X.509 v1 root',
      signer: make('Old', { issuer: oldRoot, rsa: true, extensions: FILE_SIGNER }),
      roots: [root, oldRoot],
      expected: 'good',
    },
    {
      title: 'for code signing only',
      signer: leaf('Code', 'extendedKeyUsage = codeSigning'),
      roots,
      expected: unsuitable,
    },
    { title: 'without extensions', signer: leaf('Bare'), roots, expected: 'good' },
    {
      title: 'for key encipherment only',
      signer: leaf('Enc', 'keyUsage = keyEncipherment'),
      roots,
      expected: unsuitable,
    },
    {
      title: 'for non-repudiation',
      signer: leaf('Repud', 'keyUsage = nonRepudiation'),
      roots,
      expected: 'good',
    },
    {
      title: 'of the Netscape type server',
      signer: leaf('Nserver', 'nsCertType = server'),
      roots,
      expected: unsuitable,
    },
    {
      title: 'of the Netscape type client',
      signer: leaf('Nclient', 'nsCertType = client'),
      roots,
      expected: 'good',
    },
    {
      title: 'with an unknown critical extension',
      signer: leaf('Critical', '1.2.3.4 = critical, DER:0500'),
      roots,
      expected: 'bad unhandled-extension',
    },
    {
      title: 'with an unknown extension that is not critical',
      signer: leaf('Harmless', '1.2.3.4 = DER:0500'),
      roots,
      expected: 'good',
    },
    { title: 'signed by itself and trusted', signer: alone, roots: [alone], expected: 'good' },
    { title: 'signed by itself', signer: alone, roots, expected: 'bad unknown-issuer' },
    { title: 'of another root', signer: good, roots: [oldRoot], expected: 'bad unknown-issuer' },
    {
      title: 'that has expired',
      signer: good,
      roots,
      now: epochMs(NOW + 11 * YEAR_MS),
      expected: 'bad expired',
    },
    {
      title: 'from the future',
      signer: good,
      roots,
      now: epochMs(NOW - YEAR_MS),
      expected: 'bad not-yet-valid',
    },
  ]
}

function chains(root: TestCertificate, oldRoot: TestCertificate): readonly Case[] {
  const cases: Case[] = []
  const under = (
    title: string,
    expected: string,
    authority: { issuer: TestCertificate; extensions?: readonly string[] },
    roots: readonly TestCertificate[] = [root],
  ) => {
    const middle = make(`CA ${title}`, authority)
    const signer = make(`Leaf of ${title}`, { issuer: middle, extensions: FILE_SIGNER })
    cases.push({ title: `below ${title}`, signer, others: [middle], roots, expected })
    return { middle, signer }
  }
  const plain = under('an intermediate', 'good', { issuer: root, extensions: AUTHORITY })
  cases.push({
    title: 'below an intermediate that is not there',
    signer: plain.signer,
    roots: [root],
    expected: 'bad unknown-issuer',
  })
  cases.push({
    title: 'below an intermediate that lies in the folder',
    signer: plain.signer,
    roots: [root, plain.middle],
    expected: 'good',
  })
  cases.push({
    title: 'below a trusted intermediate without its root',
    signer: plain.signer,
    roots: [plain.middle],
    expected: 'bad unknown-issuer',
  })
  under('an old root and an intermediate', 'good', { issuer: oldRoot, extensions: AUTHORITY }, [
    oldRoot,
  ])
  under('no authority', 'bad not-an-authority', {
    issuer: root,
    extensions: ['basicConstraints = CA:FALSE'],
  })
  under('an old intermediate', 'bad not-an-authority', { issuer: root })
  under('an authority for code', 'bad unsuitable-purpose', {
    issuer: root,
    extensions: [...AUTHORITY, 'extendedKeyUsage = codeSigning'],
  })
  under('an authority that may not sign', 'bad unknown-issuer', {
    issuer: root,
    extensions: ['basicConstraints = CA:TRUE', 'keyUsage = digitalSignature'],
  })
  const short = make('Short', {
    issuer: root,
    extensions: ['basicConstraints = CA:TRUE, pathlen:0', 'keyUsage = keyCertSign'],
  })
  cases.push({
    title: 'directly below a path of nought',
    signer: make('Close', { issuer: short, extensions: FILE_SIGNER }),
    others: [short],
    roots: [root],
    expected: 'good',
  })
  const far = make('Far', { issuer: short, extensions: AUTHORITY })
  cases.push({
    title: 'too far below a path of nought',
    signer: make('Farther', { issuer: far, extensions: FILE_SIGNER }),
    others: [far, short],
    roots: [root],
    expected: 'bad path-too-long',
  })
  return cases
}

test('our verdict on a signer is the one of openssl, for every kind of certificate', {
  skip,
}, () => {
  const root = make('Root', { extensions: AUTHORITY })
  const oldRoot = make('Old Root', { rsa: true })
  assert.equal(readCertificate(pemOf(oldRoot))?.version, 1)
  for (const { title, signer, others = [], roots, now = NOW, expected } of [
    ...signersAndPurposes(root, oldRoot),
    ...chains(root, oldRoot),
  ]) {
    const signed = openssl.sign(signer, others)
    const verdict = verifyClamsign(signText(signed), SHA256, { trust: trusting(...roots), now })
    assert.equal(outcomeOf(verdict), expected, `a signer ${title}`)
    const theirs = openssl.accepts('smime', signed, roots, now)
    assert.equal(theirs, verdict.kind === 'good', `openssl on a signer ${title}`)
  }
})
