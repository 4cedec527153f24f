import { type Store, StoreError } from '#ports/store.ts'

/** A store that can be away: every call throws `StoreError` then, like a database that does not answer. */
export function awayStore(store: Store): { readonly store: Store; isAway: boolean } {
  const state = { isAway: false, store }
  const guarded = new Map<object, object>()
  const guard = <T extends object>(inner: T): T => {
    const known = guarded.get(inner)
    if (known !== undefined) return known as T
    const proxy = new Proxy(inner, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target)
        if (typeof value === 'function') {
          if (key === 'watch' || typeof key === 'symbol') return value.bind(target)
          return (...args: readonly unknown[]) =>
            state.isAway
              ? Promise.reject(new StoreError('away', `ask the store: ${String(key)}`))
              : value.apply(target, args)
        }
        return typeof value === 'object' && value !== null ? guard(value) : value
      },
    })
    guarded.set(inner, proxy)
    return proxy
  }
  state.store = guard(store)
  return state
}
