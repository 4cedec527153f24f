/**
 * Which options a client's rsync may ask of ours. The lists are what rsync 3.5 sends for the options that make sense
 * for an upload of plain files (`rsync --server [options] . PATH`, options.c `server_options`); all others are refused.
 */

/**
 * Letters in the first cluster, up to `e`. `forward` goes to our rsync because both ends must agree or because it
 * changes what is written; `drop` asks for permissions, which an upload folder does not keep.
 */
const LETTERS: Readonly<Record<string, 'forward' | 'drop'>> = {
  // Words and nothing else.
  v: 'forward',
  q: 'forward',
  h: 'drop',
  // Times, checksums, compression, which files are left out, how they travel.
  t: 'forward',
  O: 'forward',
  c: 'forward',
  z: 'forward',
  u: 'forward',
  I: 'forward',
  W: 'forward',
  S: 'forward',
  n: 'forward',
  x: 'forward',
  p: 'drop',
  E: 'drop',
}

/** `e.LsfxCIvu`: not a remote shell but what the client's protocol can do, perhaps with a protocol number. */
const CAPABILITIES = /^e(?:\d{1,3})?\.(?:\d{1,3})?[A-Za-z]{0,24}$/

const NUMBER = /^\d{1,10}$/
const WORD_LIST = /^[a-z0-9]{1,16}(?:,[a-z0-9]{1,16})?$/
/** What `--out-format` and `--progress` become on the wire. */
const LOG_FORMAT = /^(?:X|%i|%i%I|%o)$/

/** Long options: null for a bare one, else what its value must look like. */
const LONG: Readonly<Record<string, RegExp | null>> = {
  '--stats': null,
  '--partial': null,
  '--inplace': null,
  '--append': null,
  '--append-verify': null,
  '--size-only': null,
  '--existing': null,
  '--ignore-existing': null,
  '--ignore-times': null,
  '--whole-file': null,
  '--no-whole-file': null,
  '--no-W': null,
  '--no-r': null,
  '--no-l': null,
  '--no-p': null,
  '--no-o': null,
  '--no-g': null,
  '--no-D': null,
  '--no-i-r': null,
  '--no-inc-recursive': null,
  '--no-implied-dirs': null,
  '--no-compress': null,
  '--new-compress': null,
  '--old-compress': null,
  '--fsync': null,
  '--remove-source-files': null,
  '--timeout': NUMBER,
  '--bwlimit': NUMBER,
  '--compress-level': /^-?\d{1,6}$/,
  '--compress-choice': WORD_LIST,
  '--checksum-choice': WORD_LIST,
  '--checksum-seed': NUMBER,
  '--modify-window': /^-?\d{1,6}$/,
  '--log-format': LOG_FORMAT,
}
/** Where the client wants our rsync's messages. Taken and dropped: the adapter decides that. */
const DROPPED: readonly string[] = ['--msgs2stderr', '--no-msgs2stderr']
const BLOCK_SIZE = /^-B\d{1,7}$/

/** The cluster as our rsync gets it, or the letters that are refused. */
export function vetCluster(
  word: string,
): { readonly kind: 'fine'; readonly word: string } | { readonly kind: 'refused'; letter: string } {
  const split = word.indexOf('e')
  const letters = word.slice(1, split === -1 ? undefined : split)
  const capabilities = split === -1 ? '' : word.slice(split)
  let kept = ''
  for (const letter of letters) {
    const rule = Object.hasOwn(LETTERS, letter) ? LETTERS[letter] : undefined
    if (rule === undefined) return { kind: 'refused', letter }
    if (rule === 'forward') kept += letter
  }
  if (capabilities !== '' && !CAPABILITIES.test(capabilities)) {
    return { kind: 'refused', letter: 'e' }
  }
  return { kind: 'fine', word: `-${kept}${capabilities}` }
}

export function isDroppedOption(word: string): boolean {
  return DROPPED.includes(word)
}

/** True for `--stats`, `--timeout=30`, `-B700` and their like. */
export function isVettedOption(word: string): boolean {
  if (BLOCK_SIZE.test(word)) return true
  const [name = '', ...values] = word.split('=')
  if (!Object.hasOwn(LONG, name)) return false
  const rule = LONG[name]
  if (rule === null || rule === undefined) return values.length === 0
  return values.length === 1 && rule.test(values[0] ?? '')
}
