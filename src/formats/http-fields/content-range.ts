/** Which bytes of a file an answer has (RFC 9110 14.4). */
export interface ContentRange {
  readonly from: number
  /** The last byte, itself in the answer. */
  readonly to: number
  /** Of the whole file; undefined where the server does not know it. */
  readonly length: number | undefined
}

const FIELD = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i

/** Undefined for what is no range of bytes, or contradicts itself. */
export function parseContentRange(text: string): ContentRange | undefined {
  const match = FIELD.exec(text)
  if (match === null) return undefined
  const [from, to] = [Number(match[1]), Number(match[2])]
  const length = match[3] === '*' ? undefined : Number(match[3])
  if (to < from || (length !== undefined && to >= length)) return undefined
  return { from, to, length }
}
