/**
 * What may be asked of the upload account by a command: `rsync --server …` and `scp -t …`, as clients really send them,
 * and nothing else. No shell ever sees the words; they are read here, and our rsync is started with a list that is
 * built anew from what was understood (R90, promise 8).
 */
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { parseUploadTarget, type UploadPathFault, type UploadPlace } from './path.ts'
import { isDroppedOption, isVettedOption, vetCluster } from './rsync-options.ts'

/** A file, or the folder itself. */
export type UploadTarget = Exclude<UploadPlace, { kind: 'home' }>

export type UploadCommand =
  | {
      readonly kind: 'rsync'
      /** `--server` and vetted options, without the two paths. */
      readonly options: readonly string[]
      readonly target: UploadTarget
    }
  | { readonly kind: 'scp'; readonly target: UploadTarget; readonly wantsFolder: boolean }

export type UploadRefusal =
  /** Some other program: `ls`, `cat`, `sh`. */
  | { readonly kind: 'not-an-upload'; readonly given: string }
  | { readonly kind: 'too-long'; readonly charsMax: number }
  /** Quotes, wildcards, escapes, control characters: nothing that a plain file name needs. */
  | { readonly kind: 'odd-character'; readonly given: string }
  /** `--sender`, `scp -f`. */
  | { readonly kind: 'reads' }
  | { readonly kind: 'option'; readonly given: string; readonly hint: OptionHint }
  | { readonly kind: 'not-one-path' }
  | { readonly kind: 'path'; readonly fault: UploadPathFault }

/** Why an option is refused, as far as it has its own advice. */
export type OptionHint = 'archive' | 'recursive' | 'secluded' | 'relative' | 'none'

/** The longest real command has some 300 characters. */
const COMMAND_CHARS_MAX = 2048
const PLAIN_COMMAND = /^[A-Za-z0-9_./~=,%:@+ -]*$/

export function parseUploadCommand(command: string): Outcome<UploadCommand, UploadRefusal> {
  if (command.length > COMMAND_CHARS_MAX) {
    return fail({ kind: 'too-long', charsMax: COMMAND_CHARS_MAX })
  }
  const [program = '', ...words] = command.split(' ')
  if (program !== 'rsync' && program !== 'scp') {
    return fail({ kind: 'not-an-upload', given: program })
  }
  const odd = [...command].find((character) => !PLAIN_COMMAND.test(character))
  if (odd !== undefined) return fail({ kind: 'odd-character', given: odd })
  return program === 'rsync' ? parseRsync(words) : parseScp(words)
}

function parseRsync(words: readonly string[]): Outcome<UploadCommand, UploadRefusal> {
  if (words[0] !== '--server') return fail({ kind: 'not-an-upload', given: 'rsync' })
  const dot = words.indexOf('.')
  const options = ['--server']
  for (const word of words.slice(1, dot === -1 ? undefined : dot)) {
    if (word === '--sender') return fail({ kind: 'reads' })
    if (/^-[A-Za-z]/.test(word) && !word.startsWith('-B')) {
      const cluster = vetCluster(word)
      if (cluster.kind === 'refused') {
        const hint = clusterHint(word)
        return fail({ kind: 'option', given: `-${cluster.letter}`, hint })
      }
      if (cluster.word !== '-') options.push(cluster.word)
    } else if (isVettedOption(word)) options.push(word)
    else if (!isDroppedOption(word)) return fail({ kind: 'option', given: word, hint: 'none' })
  }
  const paths = dot === -1 ? [] : words.slice(dot + 1)
  return withTarget(paths, (target) => ({ kind: 'rsync', options, target }))
}

function clusterHint(cluster: string): OptionHint {
  const letters = cluster.split('e')[0] ?? ''
  if (letters.includes('s')) return 'secluded'
  if (/[logD]/.test(letters)) return 'archive'
  if (/[rd]/.test(letters)) return 'recursive'
  return letters.includes('R') ? 'relative' : 'none'
}

function parseScp(words: readonly string[]): Outcome<UploadCommand, UploadRefusal> {
  let sinks = false
  let wantsFolder = false
  const rest = [...words]
  for (let word = rest[0]; word?.startsWith('-') === true; word = rest[0]) {
    rest.shift()
    if (word === '--') break
    switch (word) {
      case '-t':
        sinks = true
        break
      case '-d':
        wantsFolder = true
        break
      // Times and modes come in the records; words go nowhere.
      case '-p':
      case '-v':
        break
      case '-f':
        return fail({ kind: 'reads' })
      default:
        return fail({
          kind: 'option',
          given: word,
          hint: word === '-r' ? 'recursive' : 'none',
        })
    }
  }
  if (!sinks) return fail({ kind: 'not-an-upload', given: 'scp' })
  return withTarget(rest, (target) => ({ kind: 'scp', target, wantsFolder }))
}

function withTarget(
  paths: readonly string[],
  make: (target: UploadTarget) => UploadCommand,
): Outcome<UploadCommand, UploadRefusal> {
  const [path, ...more] = paths
  if (path === undefined || path === '' || more.length > 0) return fail({ kind: 'not-one-path' })
  const place = parseUploadTarget(path)
  if (!place.ok) return fail({ kind: 'path', fault: place.fault })
  if (place.value.kind === 'home') return fail({ kind: 'not-one-path' })
  return ok(make(place.value))
}
