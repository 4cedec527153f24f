/** Servers of databases in memory: what each has, and how each misbehaves. */
import { writeFile } from 'node:fs/promises'
import { epochSeconds } from '#base/time.ts'
import { parseHeader } from '#formats/cvd/index.ts'
import type { DatabaseServer, ServerAnswer, ServerQuestion } from '#ports/database-server.ts'

export interface FakeServer {
  readonly files: Readonly<Record<string, Uint8Array>>
  /** What it answers instead, for every file or those that end so. */
  readonly instead?: ServerAnswer<never>
  readonly onlyFor?: string
}

export class FakeServers implements DatabaseServer {
  /** By name of the host. */
  readonly servers: Record<string, FakeServer>
  /** `host file`, and ` start` behind it where only the beginning was asked for. */
  readonly asked: string[] = []

  constructor(servers: Record<string, FakeServer>) {
    this.servers = servers
  }

  async start(question: ServerQuestion, bytesMax: number): Promise<ServerAnswer<Uint8Array>> {
    const answer = this.#answer(question, ' start')
    if (answer.kind !== 'found') return answer
    const header = parseHeader(answer.content, 'strict')
    const builtAt = header.ok ? header.value.builtAt : epochSeconds(0)
    if (question.since !== undefined && builtAt <= question.since) return { kind: 'not-modified' }
    return { kind: 'found', content: answer.content.subarray(0, bytesMax) }
  }

  async download(
    question: ServerQuestion,
    into: string,
    bytesMax: number,
  ): Promise<ServerAnswer<number>> {
    const answer = this.#answer(question, '')
    if (answer.kind !== 'found') return answer
    if (answer.content.length > bytesMax) return { kind: 'too-large', bytesMax }
    await writeFile(into, answer.content)
    return { kind: 'found', content: answer.content.length }
  }

  #answer({ url }: ServerQuestion, how: string): ServerAnswer<Uint8Array> {
    const file = url.pathname.slice(1)
    this.asked.push(`${url.hostname} ${file}${how}`)
    const server = this.servers[url.hostname]
    if (server === undefined) return { kind: 'unreachable', reason: 'no such host' }
    const { instead, onlyFor = '' } = server
    if (instead !== undefined && file.endsWith(onlyFor)) return instead
    const content = server.files[file]
    return content === undefined ? { kind: 'refused', status: 404 } : { kind: 'found', content }
  }
}
