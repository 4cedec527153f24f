/** One JSON document a line, both ways. */
import { byKind, jsonCodec, object, text, whole } from '#base/json.ts'

const NAME_CHARS_MAX = 200

/** What the caller says first. `from` is the address of whoever called the ssh server, for the journal. */
export const questionCodec = jsonCodec(
  object({ sigmaker: text(NAME_CHARS_MAX), from: text(NAME_CHARS_MAX) }),
)

/** What comes back: lines as they come, and the status that ends it. */
export const wordCodec = jsonCodec(
  byKind({ out: { line: text() }, err: { line: text() }, end: { status: whole(0, 255) } }),
)
