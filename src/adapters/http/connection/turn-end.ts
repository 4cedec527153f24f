/**
 * Small answers leave together, when everything that came in this turn of the event loop has been read and answered.
 * Written one by one between reads, each wakes whoever waits for it, which costs the system more than the write itself;
 * written in a row they find the other side awake. Nobody waits longer: the turn's end follows its reads at once.
 */
export class TurnEnd {
  #tasks: (() => void)[] = []

  add(task: () => void): void {
    if (this.#tasks.push(task) === 1) setImmediate(this.#run)
  }

  readonly #run = (): void => {
    const tasks = this.#tasks
    this.#tasks = []
    for (const task of tasks) task()
  }
}
