import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type ClientsyncConf,
  parseClientsyncConf,
  printClientsyncConf,
} from '#formats/clientsync-conf/index.ts'

/** The judge: `/bin/sh` sources the same file. */
const HOME = '/home/clamavdb'
const NAMES = ['TO', 'RSYNC_USER', 'RSYNC_PASSWORD', 'EXCLUDE', 'MODULE', 'X', 'Y']

/** Sources every text in one shell, each in a subshell of its own, and returns what `NAMES` then hold. */
function sourced(texts: readonly string[]): readonly (readonly string[])[] {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'clientsync-conf-'))
  texts.forEach((text, index) => {
    writeFileSync(join(folder.path, `${index}.conf`), text)
  })
  const script = `i=0
    while [ $i -lt ${texts.length} ]; do
      ( . ./$i.conf && printf '%s\\0' ${NAMES.map((name) => `"$${name}"`).join(' ')} > $i.out ) || exit 1
      i=$((i + 1))
    done`
  const shell = spawnSync('/bin/sh', ['-c', script], {
    cwd: folder.path,
    env: { HOME, PATH: '/usr/bin:/bin' },
    encoding: 'utf8',
  })
  assert.equal(shell.status, 0, shell.stderr)
  return texts.map((_text, index) =>
    readFileSync(join(folder.path, `${index}.out`), 'utf8')
      .split('\0')
      .slice(0, -1),
  )
}

test('what we print, a shell sources to the same values', () => {
  const conf: ClientsyncConf = {
    to: "/srv/it's here/$HOME",
    rsyncUser: 'mirror1',
    rsyncPassword: '`id`"\\$(id)\'; rm #!',
    exclude: ['local_*', 'my files', "it's"],
    module: 'clamavdb',
    masters: new Map([['rsync1', { host: '127.0.0.1', port: 40873 }]]),
    rsyncPort: 873,
    proxy: undefined,
    upstream: ['https://who:p%27w@mirror.example/'],
    tufRoot: undefined,
    publisherKeys: ['/a', '/b'],
    state: '/var/lib/cvdnet',
    bandwidthKib: 250,
    others: new Map([['X', ' é~/ ']]),
  }
  const [values] = sourced([printClientsyncConf(conf)])
  assert.deepEqual(values, [
    conf.to,
    conf.rsyncUser,
    conf.rsyncPassword,
    `--exclude local_* --exclude 'my files' --exclude 'it'\\''s'`,
    'clamavdb',
    ' é~/ ',
    '',
  ])
})

test('law: a file that we accept means to us what it means to a shell', () => {
  const piece = fc.constantFrom(
    ...[
      'a',
      'b c',
      ' ',
      '  ',
      '\t',
      "'",
      '"',
      '\\',
      '\\\n',
      '$HOME',
      '$X',
      '$Y',
      '$',
      '~/',
      '~',
      ':',
      '#',
      '*',
    ],
    ...[
      `\${HOME}`,
      `\${X}`,
      '!',
      '{',
      '}',
      '[',
      ']',
      '%',
      '=',
      '-',
      'é',
      "'a b'",
      '"c d"',
      '"$X"',
      '\\"',
      '\\$',
    ],
  )
  const value = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''))
  const line = fc
    .tuple(fc.constantFrom('', '', ' ', 'export '), fc.constantFrom('X', 'Y'), value)
    .map(([before, name, text]) => `${before}${name}=${text}\n`)
  const body = fc.array(line, { minLength: 1, maxLength: 4 }).map((lines) => lines.join(''))
  const head = 'TO=/t RSYNC_USER=u RSYNC_PASSWORD=p\n'
  const accepted: { text: string; values: readonly string[] }[] = []
  for (const text of fc.sample(body, { numRuns: 4000, seed: 7 })) {
    const conf = parseClientsyncConf(head + text, { home: HOME })
    if (!conf.ok) continue
    const { others } = conf.value
    accepted.push({ text: head + text, values: [others.get('X') ?? '', others.get('Y') ?? ''] })
  }
  assert.ok(accepted.length > 300, `only ${accepted.length} accepted`)
  const judged = sourced(accepted.map(({ text }) => text))
  accepted.forEach(({ text, values }, index) => {
    assert.deepEqual(values, judged[index]?.slice(-2), text)
  })
})
