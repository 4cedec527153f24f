import type { Snapshot } from '../files/snapshot.ts'

/**
 * What one connection sees: the release of its first request, so that nobody reads the pointers of one release and
 * then those of the next on one connection. When a newer one is there, the answer is the connection's last, and the
 * client comes back to see it. A file that only the newer one has is answered from that: whoever asks for it knows of it.
 */
export class View {
  readonly #source: () => Snapshot | undefined
  #pinned: Snapshot | undefined

  constructor(source: () => Snapshot | undefined) {
    this.#source = source
  }

  get(path?: string): { readonly snapshot: Snapshot | undefined; readonly isLast: boolean } {
    const newest = this.#source()
    this.#pinned ??= newest
    const isLast = this.#pinned !== newest
    const isNew = isLast && path !== undefined && this.#pinned?.files.has(path) === false
    return { snapshot: isNew ? newest : this.#pinned, isLast }
  }
}
