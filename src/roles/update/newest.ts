/** Which version is the newest, where no update record says it: the newest that any server has. */
import { askServer, Failures } from '#adapters/database-server/index.ts'
import type { DbName, DbVersion } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { HEADER_BYTES, parseHeader } from '#formats/cvd/index.ts'
import type { LocalDatabase } from './local.ts'
import type { UpdateRun } from './world.ts'

/**
 * The newest that any server has: all are asked, so that a first one which has stopped does not keep clients where it
 * stands. Who has nothing newer than ours may say so in one line. A server that is behind the newest is asked last then.
 */
export async function newestOnServers(
  name: DbName,
  local: LocalDatabase | undefined,
  run: UpdateRun,
): Promise<Outcome<DbVersion, Failures>> {
  const versions = new Map<string, DbVersion>()
  const failures = new Failures()
  const file = `${name}.cvd`
  const note = (server: string, version: DbVersion) => {
    const reason = run.network?.refuseVersion(server, name, version)
    if (reason === undefined) versions.set(server, version)
    else failures.refuse(run, { server, file }, reason)
  }
  for (const server of run.walk.order) {
    const ask = (url: URL) =>
      run.server.start({ url, since: local?.builtAt, signal: run.signal }, HEADER_BYTES)
    const answer = await askServer(run, server, { file, ask })
    if (answer.kind === 'found') {
      const header = parseHeader(answer.content, 'strict')
      if (header.ok) note(server, header.value.version)
      else failures.refuse(run, { server, file }, 'it does not begin as a database')
    } else if (answer.kind === 'not-modified' && local !== undefined) {
      note(server, local.version)
    } else failures.note(run, { server, file }, answer)
  }
  const [newest] = [...versions.values()].toSorted((a, b) => b - a)
  if (newest === undefined) return fail(failures)
  for (const [server, version] of versions) if (version < newest) run.walk.putLast(server)
  return ok(newest)
}
