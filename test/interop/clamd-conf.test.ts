import assert from 'node:assert/strict'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseClamdConf } from '#formats/clamd-conf/index.ts'
import { run, without } from '../support/run.ts'

/** ClamAV's own reader of clamd.conf, clamconf: what it takes, we take, and read the same. */
const TEXTS: readonly string[] = [
  'LocalSocket /run/a b',
  'LocalSocket "/run/a b" c',
  '  LocalSocket \t /run/a \t',
  'LocalSocket /run/a\nLocalSocket /run/b',
  'LocalSocket "/run/a',
  'LocalSocket',
  'LocalSocket=/run/a',
  'LocalSocket ""',
  'localsocket /run/a',
  'Example',
  '# LocalSocket /run/a',
  'TCPSocket 3310\nTCPAddr ::1\nTCPAddr 127.0.0.2',
  'TCPSocket 0',
  'TCPSocket 3310 #',
  'TCPSocket many',
  'LogVerbose yes\nLocalSocket /run/a',
]

test('clamd.conf is read as ClamAV reads it', { skip: without('clamconf') }, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-clamconf-'))
  for (const text of TEXTS) {
    await writeFile(join(folder.path, 'clamd.conf'), `${text}\n`)
    const { out } = await run('clamconf', [`--config-dir=${folder.path}`])
    const saidOf = (name: string): string | undefined => {
      return new RegExp(`^${name} (disabled|= .*)$`, 'm').exec(out)?.[1]
    }
    const conf = parseClamdConf(`${text}\n`)
    // An option that ClamAV does not know stops it, and is nothing to us.
    if (text.startsWith('localsocket')) assert.ok(conf.ok)
    else assert.equal(conf.ok, saidOf('LocalSocket') !== undefined, `${text}: ${out}`)
    if (!conf.ok || saidOf('LocalSocket') === undefined) continue
    const { localSocket, tcpSocket, tcpAddresses } = conf.value
    assert.equal(print(localSocket === undefined ? [] : [localSocket]), saidOf('LocalSocket'), text)
    assert.equal(print(tcpSocket === undefined ? [] : [`${tcpSocket}`]), saidOf('TCPSocket'), text)
    assert.equal(print(tcpAddresses), saidOf('TCPAddr'), text)
  }
})

function print(values: readonly string[]): string {
  return values.length === 0 ? 'disabled' : `= ${values.map((value) => `"${value}"`).join(', ')}`
}
