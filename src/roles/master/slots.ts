/** So many at a time; the others wait in line. */
export class Slots {
  #free: number
  readonly #line: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  /** Resolves to the function that gives the slot back; calling it twice does no harm. */
  async take(): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#line.push(resolve))
    let held = true
    return () => {
      if (!held) return
      held = false
      const next = this.#line.shift()
      if (next === undefined) this.#free += 1
      else next()
    }
  }
}
