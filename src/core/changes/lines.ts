/** A line may be as long as the member; so much of it is looked at. */
const LINE_BYTES_KEPT = 1024 * 1024
const LF = 0x0a

/** Calls for every line, without its LF, in order; its bytes are good during the call only. Memory stays flat. */
export async function forEachLine(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  look: (line: Uint8Array) => void,
): Promise<void> {
  let carry: Uint8Array = new Uint8Array(0)
  for await (const chunk of chunks) {
    signal.throwIfAborted()
    let at = 0
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, at)) {
      if (carry.byteLength === 0) look(chunk.subarray(at, end))
      else look(joined(carry, chunk.subarray(at, end)))
      carry = carry.subarray(0, 0)
      at = end + 1
    }
    if (at < chunk.byteLength) carry = joined(carry, chunk.subarray(at))
  }
  if (carry.byteLength > 0) look(carry)
}

function joined(carry: Uint8Array, more: Uint8Array): Uint8Array {
  return Buffer.concat([carry, more.subarray(0, LINE_BYTES_KEPT - carry.byteLength)])
}
