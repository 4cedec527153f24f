/** The real Webalizer and AWStats with what we print for them: they count clients, and not the network's monitor. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { epochMs } from '#base/time.ts'
import { printLogLine } from '#formats/access-log/index.ts'
import { type Analyser, printAnalyserConf } from '#formats/web-server-conf/index.ts'
import { run, without } from '../support/run.ts'

const AWSTATS = '/usr/lib/cgi-bin/awstats.pl'

async function world(analyser: Analyser, keptIn: string) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-analyser-'))
  const accessLog = join(folder.path, 'access.log')
  await mkdir(join(folder.path, 'local_stats'))
  await mkdir(join(folder.path, 'kept'))
  const agents = ['ClamAV/1.4.6', 'ClamAV/1.4.6', 'ClamAV-MirrorCheck/1', 'CVDUPDATE/1.1.3']
  const lines = agents.map((agent, at) => {
    const about = { method: 'GET', target: '/daily.cvd', protocol: 'HTTP/1.1', status: 200 }
    const when = epochMs(Date.now() - 60_000 + at * 1000)
    return printLogLine({
      ...about,
      at: when,
      from: `192.0.2.${at}`,
      bytesSent: 1000,
      referer: '',
      agent,
    })
  })
  await writeFile(accessLog, lines.join(''))
  const site = { zone: 'clamav.test', names: [], root: folder.path, accessLog }
  const conf = printAnalyserConf(analyser, site).replaceAll(keptIn, join(folder.path, 'kept'))
  await writeFile(join(folder.path, 'awstats.mirror.conf'), conf)
  return { folder: folder.path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

test('Webalizer leaves the monitor out', { skip: without('webalizer') }, async () => {
  await using it = await world('webalizer', '/var/lib/webalizer')
  const { all } = await run('webalizer', ['-c', join(it.folder, 'awstats.mirror.conf')])
  assert.match(all, /4 records \(1 ignored\)/)
  assert.ok(existsSync(join(it.folder, 'local_stats', 'index.html')))
})

test('AWStats leaves the monitor out', {
  skip: existsSync(AWSTATS) ? false : 'not installed: awstats',
}, async () => {
  await using it = await world('awstats', '/var/lib/awstats')
  const args = [AWSTATS, '-config=mirror', `-configdir=${it.folder}`, '-update']
  const { all } = await run('perl', args)
  assert.match(all, /Found 1 dropped records,[\s\S]*Found 3 new qualified records/)
})
