/** The fields of a request that decide between a whole, a part and nothing new. Names as Node gives them. */
export interface Conditions {
  readonly range?: string | undefined
  readonly 'if-range'?: string | undefined
  readonly 'if-modified-since'?: string | undefined
  readonly 'if-none-match'?: string | undefined
}
