/**
 * A decision that may say no. Parsers and rules return an `Outcome`; only adapters and roles throw.
 * The fault is data: the same value feeds the terminal, the journal and the test.
 */
export type Outcome<T, F> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: F }

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

export function fail<F>(fault: F): { readonly ok: false; readonly fault: F } {
  return { ok: false, fault }
}

/** Ends an exhaustive switch: it does not compile while a `kind` is forgotten. */
export function unreachable(value: never): never {
  throw new Error(`Cannot reach this: ${JSON.stringify(value)}`)
}
