import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rename, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { Running } from './cvdnet.ts'
import { eventually } from './run.ts'

/** `cvdnet run` whose settings file the test writes again and again. */
export class Reloading extends Running {
  readonly #config: string

  private constructor(config: string, env: Readonly<Record<string, string>>) {
    super(config, env)
    this.#config = config
  }

  static async start(
    config: string,
    text: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Reloading> {
    await writeFile(config, text)
    return new Reloading(config, env)
  }

  /** In one step, as somebody does who may be read at any time. */
  async write(text: string): Promise<void> {
    await writeFile(`${this.#config}.new`, text)
    await rename(`${this.#config}.new`, this.#config)
  }

  /** Returns what the node says from now on, as far as it has. */
  hangUp(): () => string {
    const before = this.said.length
    this.child.kill('SIGHUP')
    return () => this.said.slice(before)
  }

  /** Has the node read its settings, other ones where there are any, and resolves to all that it says of that. */
  async reload(until: RegExp, text?: string): Promise<string> {
    if (text !== undefined) await this.write(text)
    return await this.heard(this.hangUp(), until)
  }

  async heard(said: () => string, until: RegExp): Promise<string> {
    return await eventually(async () => {
      if (until.test(said())) return said()
      assert.equal(this.child.exitCode, null, this.said)
      assert.match(said(), until)
      return said()
    })
  }

  /** Resolves to the exit status when it ends by itself. */
  async ended(): Promise<number | null> {
    return await eventually(async () => {
      assert.notEqual(this.child.exitCode, null, this.said)
      return this.child.exitCode
    })
  }
}

export interface TakenPort extends AsyncDisposable {
  readonly port: number
}

/** A port that somebody else has. Tries until it can be had. */
export async function takePort(host: string, port = 0): Promise<TakenPort> {
  const server: Server = await eventually(async () => {
    const attempt = createServer((socket) => socket.destroy()).listen(port, host)
    await once(attempt, 'listening')
    return attempt
  })
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
