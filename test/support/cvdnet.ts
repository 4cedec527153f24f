import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export const CVDNET = join(import.meta.dirname, '..', '..', 'bin', 'cvdnet.ts')

/** `cvdnet run` as an operator starts it. Ends when it is disposed, by its process id. */
export class Running implements AsyncDisposable {
  readonly child: ChildProcess
  said = ''

  constructor(config: string) {
    this.child = spawn(process.execPath, [CVDNET, 'run', '--config', config], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.said += text
      })
    }
  }

  async says(pattern: RegExp): Promise<void> {
    for (let look = 0; look < 400; look += 1) {
      if (pattern.test(this.said)) return
      assert.equal(this.child.exitCode, null, this.said)
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    assert.fail(`it does not say ${pattern}: ${this.said}`)
  }

  /** Resolves to the exit status, or the signal's name. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill(signal)
      await once(this.child, 'exit')
    }
    return this.child.exitCode ?? this.child.signalCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL')
  }
}
