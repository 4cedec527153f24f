import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdtempDisposableSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import {
  describeSignatureFileFault,
  SIGNATURE_FILE_EXTENSIONS,
  SignatureFileChecker,
} from '#formats/signature-file/index.ts'

/** The judge: the engine itself, loading the same file. */
const hasClamscan = spawnSync('clamscan', ['--version']).error === undefined
const skip = hasClamscan ? false : 'clamscan is not installed'
const DATA = resolve('../shared/data/clamav')

function complaints(file: string, bytes: Uint8Array): readonly string[] {
  const checker = new SignatureFileChecker(file)
  checker.push(bytes)
  return checker.finish().map(describeSignatureFileFault)
}

const M = 'aabbccddeeff00112233445566778899'
const S1 = `${M}01234567`
const S2 = `${M}${M}`

/** Lines that both take, and lines that both refuse. */
const TAKEN: Readonly<Record<string, readonly string[]>> = {
  db: ['N=41414141', 'N (Clam)=41414141', '# c', 'N=414141{4}41'],
  ndb: [
    'N:0:*:41414141',
    '# c',
    'N b:0:*:41414141:51',
    'N:99:*:41414141',
    'N:*:*:41414141',
    'N:1:VI:41414141',
    'N:1:S0+3,4:41414141',
    'N:1:SE0:41414141',
    'N:6:SL+1:41414141',
    'N:9:VI:41414141',
    'N:15:EP+0:41414141',
    'N:0:EP+0:41414141:217',
    'N:1:EP+0,5:41414141:51:255',
    'N:0:*:Please upgrade:0:38',
    'N:0:*:41414141*42424242{2-4}43434343',
  ],
  ndu: ['N:0:*:41414141'],
  sdb: ['N:0:*:41414141'],
  hdb: [`${M}:12:N`, `${S1}:12:N`, `${M.toUpperCase()}:12:N`, `${M}:*:N:73`, `${M}:4294967294:N`],
  hdu: [`${M}:12:N`],
  hsb: [`${S2}:12:N`, `${S1}:12:N`],
  hsu: [`${S2}:12:N`],
  mdb: [`12:${M}:N`],
  mdu: [`12:${M}:N`],
  msb: [`12:${S2}:N`],
  msu: [`12:${S2}:N`],
  imp: [`${M}:12:N`],
  fp: [`${M}:12:N`, `${S2}:12:N`],
  sfp: [`${S2}:12:N`],
  ldb: [
    'N;Engine:51-255,Target:0;0&1;41414141;42424242',
    'N;Target:0;0>2,1;EOF-10:41414141::iw',
    'N;Engine:81-255,Target:0;0&1;41414141;0/abc/i',
    '# c',
  ],
  ldu: ['N;Target:0;0;41414141'],
  ign: ['N', 'a:1:N'],
  ign2: ['N', `Win.Trojan.Agent-1:${M}`, '# c'],
  ftm: [
    '0:0:4d5a:MS-EXE:CL_TYPE_ANY:CL_TYPE_MSEXE',
    '1:*:4d5a5a5a:MS-EXE:CL_TYPE_ANY:CL_TYPE_MSEXE:51:255',
  ],
  cdb: ['N:CL_TYPE_ZIP:*:a.*b:*:*:0:*:*:*', 'N:*:*:a.*b:*:*:0:*:*:*:51:255', '# c'],
  zmd: ['N:0:a:12:12:*:*:*:*'],
  rmd: ['N:0:a:12:12:*:*:*:*'],
  pdb: ['H:paypal.com'],
  wdb: ['M:a:b'],
  gdb: [`S:P:${S2}`],
  crb: [`N;1;${S1};;${S1};010001;1;1;1;0;x`],
  pwdb: ['N;Engine:81-255;0;infected'],
  yar: ['rule a { strings: $a = "zzz" condition: $a }'],
  yara: ['rule a { strings: $a = "zzz" condition: $a }'],
}
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  db: ['N', '', '=41414141', 'N=zz'],
  ndb: [
    '',
    'N:0:*',
    'N:0:*:4141414g',
    'N:x:*:41414141',
    'N:0:zz:41414141',
    'N:1:0xff:41414141',
    'N:0:ep+1:41414141',
    'N:0:EP+0:41414141',
    'N:*:S0+5:41414141',
    'N:7:SL+1:41414141',
    'N:2:SE1:41414141',
    'N:12:VI:41414141',
    'N:1:SL-3:41414141',
    ':0:*:41414141',
    'N:0:*:41414141:a',
    'N:0:*:41414141:51:255:1',
    `N:0:*:${'41'.repeat(4200)}`,
  ],
  hdb: [
    '',
    `${M}:12`,
    `${M}:12:`,
    `${M}0:12:N`,
    `${M}:0:N`,
    `${M}:-1:N`,
    `${M}:*:N`,
    `${M}:5000000000:N`,
    `${M}:12:N:73:255:1`,
  ],
  mdb: [`${M}:12:N`],
  ldb: [
    '',
    'N;Target:0;0',
    'N;Target:0;0;',
    'N;;0;41414141',
    'N;Target:0;0;41414141;42424242',
    'N;Target:0;(0&1)|2;41414141;42424242',
    'N;Target:0;0&x;41414141',
    `N;Target:0;0;${'41'.repeat(16500)}`,
  ],
  ign: ['a:1:N:2'],
  ign2: ['', 'N:zz', `N:${S2}`],
  ftm: ['0:0:4d5a:MS-EXE:CL_TYPE_ANY'],
  cdb: ['', 'N:CL_TYPE_ZIP:*:a.*b:*:*:0:*:*'],
  zmd: ['N:0:a:12', 'N:0:a:12:12:*:*:*:*:51'],
  idb: [`I:G:H:${'a'.repeat(123)}`],
  pdb: ['Q:paypal.com'],
  gdb: [`S:Q:${S2}`],
  crb: [`N;1;${S1};;${S1};010001;1;1;1;0`],
  pwdb: ['N;Engine:81-255;0'],
}

function loads(folder: string, file: string, text: string): boolean {
  writeFileSync(join(folder, file), text)
  writeFileSync(join(folder, 'scanned'), 'x')
  const args = ['--no-summary', `--database=${join(folder, file)}`, join(folder, 'scanned')]
  return spawnSync('clamscan', args).status === 0
}

for (const [verdict, table] of [
  ['takes', TAKEN],
  ['refuses', REFUSED],
] as const) {
  test(`what this check ${verdict}, the engine ${verdict}`, { skip }, () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), 'signature-file-'))
    for (const [extension, lines] of Object.entries(table)) {
      for (const line of lines) {
        const [file, text] = [`t.${extension}`, `${line}\n`]
        const ours = complaints(file, Buffer.from(text)).length === 0 ? 'takes' : 'refuses'
        const theirs = loads(folder.path, file, text) ? 'takes' : 'refuses'
        assert.deepEqual([ours, theirs], [verdict, verdict], `${file}: ${line.slice(0, 80)}`)
      }
    }
  })
}

test('every member of a real database passes the check of its extension', {
  skip: existsSync(DATA) ? false : 'the real databases are not here',
}, () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'signature-file-'))
  spawnSync('sigtool', [`--unpack=${join(DATA, 'test-5.cvd')}`], { cwd: folder.path })
  const members = readdirSync(folder.path).filter((name) =>
    SIGNATURE_FILE_EXTENSIONS.includes(name.split('.')[1] ?? ''),
  )
  assert.ok(members.length > 14, members.join())
  for (const name of members) {
    assert.deepEqual(complaints(name, readFileSync(join(folder.path, name))), [])
  }
})
