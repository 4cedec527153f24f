import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseUploadCommand, uploadRefusalText } from './index.ts'

/** What rsync 3.5.0 sends for `rsync OPTIONS … clamupload@HOST:public_html/`, logged by a fake remote shell. */
const TAKEN: Readonly<Record<string, readonly [string, string]>> = {
  '-tcz --stats --progress': [
    'rsync --server -tcze.LsfxCIvu --log-format=X --stats . public_html/',
    '--server -tcze.LsfxCIvu --log-format=X --stats → folder',
  ],
  'no option at all': [
    'rsync --server -e.LsfxCIvu . public_html/',
    '--server -e.LsfxCIvu → folder',
  ],
  '-vvv': ['rsync --server -vvve.LsfxCIvu . public_html/', '--server -vvve.LsfxCIvu → folder'],
  '-tz, folder without slash': [
    'rsync --server -tze.LsfxCIvu . public_html',
    '--server -tze.LsfxCIvu → folder',
  ],
  '-tz, ./public_html/': [
    'rsync --server -tze.LsfxCIvu . ./public_html/',
    '--server -tze.LsfxCIvu → folder',
  ],
  '-tz, ~/public_html/': [
    'rsync --server -tze.LsfxCIvu . ~/public_html/',
    '--server -tze.LsfxCIvu → folder',
  ],
  '-tz, a new name': [
    'rsync --server -tze.LsfxCIvu . public_html/new.cvd',
    '--server -tze.LsfxCIvu → new.cvd',
  ],
  '-tz --partial --append-verify': [
    'rsync --server -tze.LsfxCIvu --append --append . public_html/',
    '--server -tze.LsfxCIvu --append --append → folder',
  ],
  '-tzP': [
    'rsync --server -tze.LsfxCIvu --log-format=X --partial . public_html/',
    '--server -tze.LsfxCIvu --log-format=X --partial → folder',
  ],
  '-tz --inplace': [
    'rsync --server -tze.LsfxCIvu --inplace . public_html/',
    '--server -tze.LsfxCIvu --inplace → folder',
  ],
  '-tz --timeout=30 --bwlimit=1000': [
    'rsync --server -tze.LsfxCIvu --timeout=30 --bwlimit=1000 . public_html/',
    '--server -tze.LsfxCIvu --timeout=30 --bwlimit=1000 → folder',
  ],
  '-tz --size-only': [
    'rsync --server -tze.LsfxCIvu --size-only . public_html/',
    '--server -tze.LsfxCIvu --size-only → folder',
  ],
  '-tzI': ['rsync --server -tIze.LsfxCIvu . public_html/', '--server -tIze.LsfxCIvu → folder'],
  '-tzW': ['rsync --server -Wtze.LsfxCIvu . public_html/', '--server -Wtze.LsfxCIvu → folder'],
  '-tzu': ['rsync --server -utze.LsfxCIvu . public_html/', '--server -utze.LsfxCIvu → folder'],
  '-tzi': [
    'rsync --server -tze.LsfxCIvu --log-format=%i . public_html/',
    '--server -tze.LsfxCIvu --log-format=%i → folder',
  ],
  '-tq': ['rsync --server -qte.LsfxCIvu . public_html/', '--server -qte.LsfxCIvu → folder'],
  '-tzn': ['rsync --server -ntze.LsfxCIvu . public_html/', '--server -ntze.LsfxCIvu → folder'],
  '-tzS': ['rsync --server -tSze.LsfxCIvu . public_html/', '--server -tSze.LsfxCIvu → folder'],
  '-tpz: modes are not kept': [
    'rsync --server -tpze.LsfxCIvu . public_html/',
    '--server -tze.LsfxCIvu → folder',
  ],
  '-t --zc=zstd --zl=5': [
    'rsync --server -te.LsfxCIvu --compress-level=5 --compress-choice=zstd . public_html/',
    '--server -te.LsfxCIvu --compress-level=5 --compress-choice=zstd → folder',
  ],
  '-t --old-compress': [
    'rsync --server -tze.LsfxCIvu --old-compress . public_html/',
    '--server -tze.LsfxCIvu --old-compress → folder',
  ],
  '-tc --cc=md5': [
    'rsync --server -tce.LsfxCIvu --checksum-choice=md5 . public_html/',
    '--server -tce.LsfxCIvu --checksum-choice=md5 → folder',
  ],
  '-tz --msgs2stderr: where messages go is ours to say': [
    'rsync --server -tze.LsfxCIvu --msgs2stderr . public_html/',
    '--server -tze.LsfxCIvu → folder',
  ],
  '-tz --block-size=700': [
    'rsync --server -tze.LsfxCIvu -B700 . public_html/',
    '--server -tze.LsfxCIvu -B700 → folder',
  ],
  '-tz --protocol=29, as rsync 2.6 speaks': [
    'rsync --server -tz . public_html/',
    '--server -tz → folder',
  ],
  'a capability string with a protocol number (rsync 3.0 pre-releases)': [
    'rsync --server -tze31.14Lsf . public_html/',
    '--server -tze31.14Lsf → folder',
  ],
  // scp of OpenSSH 9.2.
  'scp -O': ['scp -t public_html/', 'scp → folder'],
  'scp -O -p -v': ['scp -v -p -t public_html/', 'scp → folder'],
  'scp -O, two files': ['scp -d -t public_html/', 'scp -d → folder'],
  'scp -O, a new name': ['scp -t public_html/new.cvd', 'scp → new.cvd'],
}

/** The same client with options that an upload has no use for, and what attackers of such accounts try. */
const REFUSED: Readonly<Record<string, readonly [string, RegExp]>> = {
  '-a': ['rsync --server -logDtpre.iLsfxCIvu . public_html/', /-tcz/],
  '-r': ['rsync --server -re.iLsfxCIvu . public_html/', /Folders are not taken/],
  '-d': ['rsync --server -dtze.LsfxCIvu . public_html/', /Folders are not taken/],
  '-a --no-r --no-l': ['rsync --server -ogDtpe.LsfxCIvu . public_html/', /-tcz/],
  '-L': ['rsync --server -Ltze.LsfxCIvu . public_html/', /"-L"/],
  '-K': ['rsync --server -Ktze.LsfxCIvu . public_html/', /"-K"/],
  '-H': ['rsync --server -Htze.LsfxCIvu . public_html/', /"-H"/],
  '-A -X': ['rsync --server -tpAXze.LsfxCIvu . public_html/', /"-A"/],
  '-b --suffix=.x': ['rsync --server -btze.LsfxCIvu --suffix=.x . public_html/', /"-b"/],
  '--suffix=.x': ['rsync --server -tze.LsfxCIvu --suffix=.x . public_html/', /"--suffix=.x"/],
  '-s': ['rsync --server -stze.LsfxCIvu', /--no-s/],
  '--files-from': ['rsync --server -tRze.LsfxCIvu . public_html/', /--files-from/],
  '--files-from of the server': [
    'rsync --server -tze.LsfxCIvu --files-from=/etc/passwd . public_html/',
    /--files-from/,
  ],
  '--delete -r': ['rsync --server -tze.LsfxCIvu --delete . public_html/', /"--delete"/],
  '--delete-excluded': ['rsync --server -t --delete-excluded . public_html/', /--delete-excluded/],
  '--partial-dir=.p': [
    'rsync --server -tze.LsfxCIvu --partial-dir .p . public_html/',
    /"--partial-dir"/,
  ],
  '--delay-updates': [
    'rsync --server -tze.LsfxCIvu --delay-updates . public_html/',
    /"--delay-updates"/,
  ],
  '--temp-dir=/tmp': ['rsync --server -t --temp-dir /tmp . public_html/', /"--temp-dir"/],
  '--link-dest=/etc': ['rsync --server -t --link-dest /etc . public_html/', /"--link-dest"/],
  '--copy-dest': ['rsync --server -t --copy-dest /etc . public_html/', /"--copy-dest"/],
  '--compare-dest': ['rsync --server -t --compare-dest=/etc . public_html/', /--compare-dest/],
  '--backup-dir': ['rsync --server -t --backup-dir=/x . public_html/', /--backup-dir/],
  '-M--log-file=/tmp/x': ['rsync --server -t --log-file=/tmp/x . public_html/', /--log-file/],
  '--daemon': ['rsync --server --daemon .', /"--daemon"/],
  '--config': ['rsync --server --config=/tmp/c . public_html/', /--config/],
  '--write-devices': [
    'rsync --server -te.LsfxCIvu --inplace --write-devices . public_html/',
    /--write-devices/,
  ],
  '--mkpath': ['rsync --server -t --mkpath . public_html/', /--mkpath/],
  '--iconv': ['rsync --server -t --iconv=latin1 . public_html/', /--iconv/],
  '--log-format with anything': ['rsync --server -t --log-format=%f . public_html/', /%f/],
  'reading a file': ['rsync --server --sender -tze.LsfxCIvu . public_html/daily.cvd', /not sent/],
  'a remote shell': ['rsync --server -t -e sh . public_html/', /"-e"/],
  'a remote shell in the cluster': ['rsync --server -tesh . public_html/', /"-e"/],
  '--rsh': ['rsync --server -t --rsh=sh . public_html/', /--rsh/],
  '--rsync-path=/usr/bin/rsync': ['/usr/bin/rsync --server -t . public_html/', /is not run here/],
  '--rsync-path="sudo rsync"': ['sudo rsync --server -t . public_html/', /is not run here/],
  'rsync as a client': ['rsync -t public_html/daily.cvd elsewhere:', /"rsync" is not run/],
  'the home': ['rsync --server -tze.LsfxCIvu . .', /public_html/],
  'a wildcard': ['rsync --server -tze.LsfxCIvu . public_html/*.cvd', /"\*"/],
  'an escaped space': ['rsync --server -tze.LsfxCIvu . public_html/a\\ b.cvd', /"\\"/],
  'a shell expression': ['rsync --server -tze.LsfxCIvu . public_html/$(id)', /"\$"/],
  'a second command': ['rsync --server -t . public_html/; id', /";"/],
  'a second line': ['rsync --server -t . public_html/\nid', /"\?"/],
  braces: ['rsync --server -t . public_html/{a,b}', /"\{"/],
  'an absolute path': ['rsync --server -t . /public_html/', /not open to you/],
  'another absolute path': ['rsync --server -t . /etc/passwd', /not open to you/],
  'up and out': ['rsync --server -t . public_html/../x', /not open to you/],
  'up in the middle': ['rsync --server -t . public_html/x/../../y', /not open to you/],
  'another folder': ['rsync --server -t . .ssh/', /not open to you/],
  "another one's home": ['rsync --server -t . ~other/public_html/', /not open to you/],
  'a folder inside': ['rsync --server -t . public_html/sub/', /flat/],
  'a hidden name': ['rsync --server -t . public_html/.hidden', /plain file name/],
  'a name like an option': ['rsync --server -t . public_html/-x', /plain file name/],
  'a name too long': [`rsync --server -t . public_html/${'a'.repeat(129)}`, /plain file name/],
  'two paths': ['rsync --server -t . public_html/a public_html/b', /one place/],
  'no path': ['rsync --server -t .', /one place/],
  'two spaces': ['rsync --server  -t . public_html/', /option ""/],
  'too long': [`rsync --server ${'-t '.repeat(1000)}. public_html/`, /2048/],
  'scp -r': ['scp -r -t public_html/', /Folders are not taken/],
  'scp from here': ['scp -f public_html//daily.cvd', /not sent/],
  'scp to the home': ['scp -t .', /not open to you/],
  'scp to a name like an option': ['scp -t -- -x', /not open to you/],
  'scp with a space': ['scp -t public_html/a b', /one place/],
  'scp as a client': ['scp public_html/x elsewhere:', /"scp" is not run/],
  'scp -S': ['scp -S sh -t public_html/', /"-S"/],
  ls: ['ls -la', /"ls" is not run here.*rsync, scp and sftp/],
  'a shell': ['sh -c id', /"sh" is not run/],
  'a variable before it': ['RSYNC_RSH=sh rsync --server -t . public_html/', /is not run here/],
  nothing: ['', /"" is not run/],
}

function summary(command: string): string {
  const outcome = parseUploadCommand(command)
  if (!outcome.ok) return uploadRefusalText(outcome.fault)
  const { target } = outcome.value
  const to = target.kind === 'folder' ? 'folder' : target.name
  if (outcome.value.kind === 'rsync') return `${outcome.value.options.join(' ')} → ${to}`
  return `scp${outcome.value.wantsFolder ? ' -d' : ''} → ${to}`
}

for (const [title, [command, expected]] of Object.entries(TAKEN)) {
  test(`taken: ${title}`, () => assert.equal(summary(command), expected))
}

for (const [title, [command, expected]] of Object.entries(REFUSED)) {
  test(`refused with its reason: ${title}`, () => {
    assert.equal(parseUploadCommand(command).ok, false)
    assert.match(summary(command), expected)
  })
}

test('law: whatever is taken is rebuilt from plain words and leads into the folder', () => {
  const word = fc.oneof(
    fc.constantFrom('--server', '.', '-t', '-tcze.Lsfx', '--stats', '--append', '-B700', '--'),
    fc.constantFrom('public_html/', 'public_html/a.cvd', '..', '/', '--sender', '--timeout=1'),
    fc.string({ maxLength: 12 }),
  )
  fc.assert(
    fc.property(
      fc.constantFrom('rsync', 'scp'),
      fc.array(word, { maxLength: 8 }),
      (name, words) => {
        const outcome = parseUploadCommand([name, ...words].join(' '))
        if (!outcome.ok) {
          assert.ok(uploadRefusalText(outcome.fault).length > 20)
          return
        }
        const { target } = outcome.value
        if (target.kind === 'file') assert.match(target.name, /^[A-Za-z0-9_][A-Za-z0-9._-]*$/)
        if (outcome.value.kind === 'rsync') {
          assert.equal(outcome.value.options[0], '--server')
          assert.ok(!outcome.value.options.includes('--sender'))
          for (const option of outcome.value.options) assert.match(option, /^-[A-Za-z0-9.=,%-]+$/)
        }
      },
    ),
    { numRuns: 2000 },
  )
})

test('law: no refusal carries a control character to the terminal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (command) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the claim is about them
      assert.doesNotMatch(summary(command), /[\u0000-\u001f\u007f-\u009f]/)
    }),
  )
})
