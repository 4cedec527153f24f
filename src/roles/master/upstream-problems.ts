import type { DbName } from '#base/names.ts'
import type { EpochMs } from '#base/time.ts'
import { type OpenProblem, problemId } from '#core/notices/index.ts'
import { type FollowProblem, upstreamProblemKey } from '#core/upstream/index.ts'
import type { Notices, Stored } from '#ports/store.ts'

/**
 * What is wrong with an upstream stands among the problems of the network, where `cvdnet status` shows it and a monitor
 * writes about it to the team. Nobody but the next look finds out whether it still is: until then, `until`, it stands. What
 * was told is left to the monitor for its all-clear. Throws `StoreError`.
 */
export async function keepProblem(
  { problems }: Pick<Notices, 'problems'>,
  name: DbName,
  problem: FollowProblem,
  { now, until }: { readonly now: EpochMs; readonly until: EpochMs },
): Promise<void> {
  const id = problemId({ key: upstreamProblemKey(name) })
  const stored = await problems.get(id)
  const old = stored?.value
  if (problem.kind === 'stands') {
    const since = old?.level === problem.problem.level ? old.since : problem.problem.since
    const told = { letters: [], lastLetterAt: undefined, toldLevel: undefined, seenAt: now, ...old }
    const value = { ...told, ...problem.problem, since, lastAt: until }
    await problems.put(id, value, stored?.revision)
  } else if (stored === undefined || old === undefined) return
  else if (problem.kind === 'over') await end(problems, stored, now)
  else if (old.lastAt >= now) await problems.put(id, { ...old, lastAt: until }, stored.revision)
}

/** Those of databases that are not followed any more. Throws `StoreError`. */
export async function endOtherProblems(
  { problems }: Pick<Notices, 'problems'>,
  databases: readonly DbName[],
  now: EpochMs,
): Promise<void> {
  const prefix = upstreamProblemKey('')
  const followed = new Set<string>(databases.map(upstreamProblemKey))
  for (const stored of await problems.list()) {
    const { key } = stored.value
    if (key.startsWith(prefix) && !followed.has(key)) await end(problems, stored, now)
  }
}

async function end(
  problems: Notices['problems'],
  { name, value, revision }: Stored<OpenProblem>,
  now: EpochMs,
): Promise<void> {
  if (value.letters.length === 0) await problems.remove(name, revision)
  else if (value.lastAt >= now) await problems.put(name, { ...value, lastAt: now }, revision)
}
