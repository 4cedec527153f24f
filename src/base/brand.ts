declare const brand: unique symbol

/** A value that only its parser (and a test helper) may make, so that two numbers cannot be swapped. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }
