import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const RUN_MS_MAX = 30_000
const SEARCH_PATH = '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin'
const SYSTEM = { timeout: RUN_MS_MAX, env: { PATH: SEARCH_PATH, LANG: 'C' } }

/** An account of this machine (R47). */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
  readonly shell: string
}

export async function findAccount(name: string): Promise<Account | undefined> {
  const line = await run('getent', ['passwd', name], SYSTEM).then(
    ({ stdout }) => stdout.split('\n')[0] ?? '',
    // 2: there is no such account.
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 2) return ''
      throw error
    },
  )
  const [found, , uid = '', gid = '', , home = '', shell = ''] = line.split(':')
  if (found !== name || !/^\d+$/.test(uid) || !/^\d+$/.test(gid) || !home.startsWith('/')) {
    return undefined
  }
  return { name, uid: Number(uid), gid: Number(gid), home, shell }
}

/**
 * With a home, no password and a shell that a key's command can run in (R48–R49). As root. `*` is no password at all; `!`
 * would be a locked account to an sshd without PAM, and shut out keys as well.
 */
export async function makeAccount(name: string, home: string): Promise<void> {
  const args = ['--create-home', '--home-dir', home, '--shell', '/bin/sh', '--user-group']
  await run('useradd', [...args, '--password', '*', '--', name], SYSTEM)
}

/** Why this account cannot start the program; undefined when it can. As root. */
export async function cannotStart(
  { name, uid, gid, home }: Account,
  [program = '', ...args]: readonly string[],
): Promise<string | undefined> {
  try {
    await run(program, [...args, '--version'], { ...SYSTEM, uid, gid, cwd: home })
    return undefined
  } catch (error) {
    const { code } = error instanceof Error && 'code' in error ? error : { code: 'unknown' }
    return `account "${name}" cannot start ${program} (${code}); install cvdnet where every user may read it`
  }
}
