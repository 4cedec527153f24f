/** One question to several servers in turn, until one has a good answer. */
import { fail, type Outcome, ok } from '#base/outcome.ts'
import {
  boundedWait,
  type NotFetched,
  placeName,
  type ServerWalk,
  withoutLogin,
} from '#core/update/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { ServerAnswer } from '#ports/database-server.ts'

/** As freshclam waits (formats.md 5.2). */
const TRY_AGAIN_MS = 5_000
const FORBIDDEN = 403
const TOO_MANY = 429
/** Where a 429 says nothing. */
const LEFT_ALONE_SECONDS = 4 * 3600

/** Who is asked, and how patiently, by somebody who fetches more than one file. */
export interface AskingRun {
  readonly walk: ServerWalk
  /** What servers did wrong; told when others did better. */
  readonly troubles: string[]
  /** Tries at one server that does not answer. */
  readonly attemptsMax: number
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly voice: { complain(line: string): void }
}

export interface Question<Content> {
  readonly file: string
  readonly ask: (url: URL) => Promise<ServerAnswer<Content>>
  /** Servers that are known to have another one. */
  readonly except?: ReadonlySet<string>
}

export interface Taken<Content> {
  readonly content: Content
  readonly server: string
}

interface Source {
  readonly server: string
  readonly file: string
}

/** Why nobody had it, server by server. */
export class Failures {
  /** They answered, and have it not. */
  readonly missing: string[] = []
  /** What they had is not to be used. */
  readonly refused: string[] = []
  readonly unreached: string[] = []
  /** They asked to be left alone. */
  readonly tired: string[] = []

  note(
    run: AskingRun,
    { server: address, file }: Source,
    answer: Exclude<ServerAnswer<unknown>, { readonly kind: 'found' }>,
  ): void {
    const server = withoutLogin(address)
    run.walk.putLast(address)
    switch (answer.kind) {
      case 'not-modified':
        this.missing.push(server)
        return
      case 'too-large':
        this.refuse(run, { server: address, file }, `longer than ${answer.bytesMax} bytes`)
        return
      case 'unreachable':
        this.#unreach(run, { server, file }, answer.reason)
        return
      case 'refused':
        if (answer.status === TOO_MANY) {
          const seconds = boundedWait(answer.retryAfter ?? LEFT_ALONE_SECONDS)
          run.walk.leaveAlone(address, seconds)
          const reason = `${server} asks to be left alone for ${seconds} seconds`
          this.tired.push(reason)
          run.troubles.push(reason)
        } else if (answer.status < 500 && answer.status !== FORBIDDEN) this.missing.push(server)
        else this.#unreach(run, { server, file }, `status ${answer.status}`)
    }
  }

  /** What came is not to be used. */
  refuse({ walk, troubles }: AskingRun, { server: address, file }: Source, reason: string): void {
    const server = withoutLogin(address)
    walk.putLast(address)
    this.refused.push(`${server}: ${file}: ${reason}`)
    troubles.push(`${server}: ${file}: ${reason}`)
  }

  #unreach({ troubles }: AskingRun, { server, file }: Source, reason: string): void {
    this.unreached.push(`${server}: ${file}: ${reason}`)
    troubles.push(`${server}: ${file}: ${reason}`)
  }

  add(others: Failures): void {
    this.missing.push(...others.missing)
    this.refused.push(...others.refused)
    this.unreached.push(...others.unreached)
    this.tired.push(...others.tired)
  }

  /** The worst that can be said of a file that nobody had. */
  end(file: string, { walk }: AskingRun): NotFetched {
    if (this.refused.length > 0) return { kind: 'refused', reasons: this.refused }
    if (this.unreached.length > 0) return { kind: 'unreached', reasons: this.unreached }
    const seconds = walk.allLeftAloneSeconds
    if (this.missing.length === 0 && seconds !== undefined) return { kind: 'left-alone', seconds }
    const nobody = this.tired.length > 0 ? 'no other server' : 'no server'
    const isAsked = this.missing.length > 0 || this.tired.length === 0
    const reasons = [...this.tired, ...(isAsked ? [`${nobody} has ${file}`] : [])]
    return { kind: 'unreached', reasons }
  }
}

/** The first good answer. `refuse` says why what came is not to be used; then the next server is asked. */
export async function askServers<Content>(
  run: AskingRun,
  question: Question<Content>,
  refuse: (content: Content, server: string) => Promise<string | undefined>,
): Promise<Outcome<Taken<Content>, Failures>> {
  const failures = new Failures()
  const { file, except } = question
  for (const server of run.walk.order) {
    if (except?.has(server)) continue
    const answer = await askServer(run, server, question)
    if (answer.kind === 'found') {
      const reason = await refuse(answer.content, server)
      if (reason === undefined) return ok({ content: answer.content, server })
      failures.refuse(run, { server, file }, reason)
    } else failures.note(run, { server, file }, answer)
  }
  return fail(failures)
}

/** One that does not answer is asked again, as often as the configuration says. */
export async function askServer<Content>(
  { attemptsMax, clock, signal, voice }: AskingRun,
  server: string,
  { file, ask }: Question<Content>,
): Promise<ServerAnswer<Content>> {
  const url = new URL(`${server.replace(/\/+$/, '')}/${file}`)
  for (let attempt = 1; ; attempt++) {
    const answer = await ask(url)
    const isPassing =
      answer.kind === 'unreachable' || (answer.kind === 'refused' && answer.status >= 500)
    if (!isPassing || attempt >= attemptsMax) return answer
    const reason = answer.kind === 'unreachable' ? answer.reason : `status ${answer.status}`
    voice.complain(`${placeName(url)}: ${reason}; trying again`)
    await clock.sleep(TRY_AGAIN_MS, signal)
  }
}
