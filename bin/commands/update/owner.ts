import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { CommandEnd, EXIT, ended } from '../../io.ts'

const run = promisify(execFile)

/** Root becomes the owner of the databases for all that follows, as with freshclam. Throws `CommandEnd`. */
export async function becomeOwner(owner: string): Promise<void> {
  if (process.getuid?.() !== 0 || owner === '') return
  const [uid] = await idsOf('-u', owner)
  const [gid] = await idsOf('-g', owner)
  if (uid === undefined || gid === undefined) {
    throw new CommandEnd(EXIT.usage, `there is no user "${owner}", which is the DatabaseOwner`)
  }
  if (uid === 0) return
  const groups = await idsOf('-G', owner)
  try {
    process.setgroups?.([...groups])
    process.setgid?.(gid)
    process.setuid?.(uid)
  } catch (error) {
    throw ended(EXIT.world, `cannot become "${owner}", the DatabaseOwner`, error)
  }
}

/** Of the user, his group, or all his groups. */
async function idsOf(which: '-u' | '-g' | '-G', owner: string): Promise<readonly number[]> {
  const found = await run('id', [which, '--', owner]).catch(() => undefined)
  return (found?.stdout.trim().split(' ') ?? []).filter((id) => /^\d+$/.test(id)).map(Number)
}
