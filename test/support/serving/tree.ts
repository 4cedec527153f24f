import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** 22 June 2021 18:58:22 UTC. */
export const BUILT = 1_624_388_302
export const BUILT_DATE = 'Tue, 22 Jun 2021 18:58:22 GMT'
export const EARLIER_DATE = 'Tue, 22 Jun 2021 18:58:21 GMT'
export const BIG = Buffer.alloc(3_000_001, 'ClamAV-VDB:22 Jun 2021 14-58 -0400:')
export const PATCH = Buffer.alloc(20_000, 'patch')
export const MD5 = '0123456789abcdef0123456789abcdef'

const FILES: Readonly<Record<string, string | Buffer>> = {
  'daily.cvd': BIG,
  'main.cvd': BIG.subarray(0, 100_000),
  'daily-27001.cdiff': PATCH,
  'daily-27002.cdiff': '',
  'daily-27001.cvd.sign': 'signature',
  'acme.ndb': 'Acme.Test:0:*:6162',
  timestamp: '1624388302\n2021-06-22T18:58:22Z\nserial 7 generation 9\n',
  'dns.txt': '1.4.6:62:27001:1624388302:0:90:49192:339\n',
  'index.html': '<p>mirror</p>',
  'database/viruses.db': 'Old=6162',
  'database/viruses.md5': MD5,
  'tuf/timestamp.json': '{}',
  'local_logo.png': 'PNG',
  'local_page/index.html': 'the operator’s',
  '.hidden': 'secret',
}

/** A document root as a mirror has it, for every server alike. */
export async function makeServedTree(root: string): Promise<void> {
  await mkdir(join(root, 'database'), { recursive: true })
  await mkdir(join(root, 'tuf'))
  await mkdir(join(root, 'local_page'))
  for (const [path, content] of Object.entries(FILES)) {
    await writeFile(join(root, path), content)
    await utimes(join(root, path), BUILT, BUILT)
  }
  await writeFile(join(root, '..', 'outside.txt'), 'secret')
  await symlink('../outside.txt', join(root, 'local_out.txt'))
}
