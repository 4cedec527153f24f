/** From what a web server answered to what that means for clients. The answers are a stranger's. */
import { toLatin1 } from '#base/bytes.ts'
import { parseTimestamp, type Timestamp } from '#formats/timestamp-file/index.ts'
import { type Finding, no, notTried, yes } from './points.ts'

export type Answer =
  | {
      readonly kind: 'answer'
      readonly status: number
      /** Field names in small letters. */
      readonly fields: Readonly<Record<string, string | undefined>>
      /** At most as much as was asked for. */
      readonly body: Uint8Array
      /** True when there was more. */
      readonly cut: boolean
      readonly tookMs: number
    }
  | { readonly kind: 'none'; readonly reason: string }

/** Names that were asked for, each with what `/timestamp` answered. */
export type ByName = readonly (readonly [host: string, answer: Answer])[]

export const RANGE_BYTES = 512
/** A timestamp has under a hundred bytes. */
export const TIMESTAMP_BYTES_MAX = 4096
/** Less says nothing about a line: it fits into the first packets. */
const SPEED_BYTES_MIN = 1024 * 1024
const NAMES_TOLD_MAX = 4

export function judgeWebPort(answer: Answer): Finding {
  return answer.kind === 'answer'
    ? yes(`a web server answers ${answer.status}`)
    : no(answer.reason, 'start the web server there and open the port')
}

export function timestampOf(answer: Answer): Timestamp | undefined {
  if (answer.kind === 'none' || answer.status !== 200 || answer.cut) return undefined
  const stamp = parseTimestamp(toLatin1(answer.body))
  return stamp.ok ? stamp.value : undefined
}

/** R42–R44: every name leads to the same files. */
export function judgeNames(answers: ByName): Finding {
  const stamps = answers.map(([, answer]) => timestampOf(answer))
  if (stamps.every((stamp) => stamp === undefined) && answers.every(isMissing)) {
    return notTried('no file of the network is there yet, so all names look alike')
  }
  const wrong = answers.flatMap(([host, answer], at) =>
    stamps[at] === undefined ? [`${host} (${words(answer)})`] : [],
  )
  if (wrong.length > 0) {
    const more = wrong.length > NAMES_TOLD_MAX ? ` and ${wrong.length - NAMES_TOLD_MAX} more` : ''
    return no(
      `not for ${wrong.slice(0, NAMES_TOLD_MAX).join(', ')}${more}`,
      'let the virtual host answer for these names, too',
    )
  }
  return new Set(stamps.map((stamp) => stamp?.generation)).size > 1
    ? no('different names show different files', 'let all of them show one document root')
    : yes(`the same files for ${answers.map(([host]) => host).join(', ')}`)
}

/** R46. */
export function judgeRedirects(answers: ByName): Finding {
  const found = answers.find(([, answer]) => isRedirect(answer))
  if (found === undefined) return yes('every name is answered directly')
  return no(
    `${found[0]} is sent elsewhere`,
    'serve the files themselves: old clients do not follow',
  )
}

export function judgeMissing(answer: Answer): Finding {
  if (answer.kind === 'none') return no(answer.reason, 'look into the web server’s log')
  if (answer.status === 404) return yes('a file that is not there is 404')
  return answer.status === 403
    ? no('a file that is not there is 403', 'answer 404: 403 locks freshclam out for a day')
    : no(`a file that is not there is ${answer.status}`, 'answer 404, and nothing else')
}

export function judgeRange(answer: Answer | undefined): Finding {
  if (answer === undefined || isMissing(['', answer])) return notTried('no database is there yet')
  if (answer.kind === 'none') return no(answer.reason, 'look into the web server’s log')
  const { status, body, cut } = answer
  if (status === 206 && body.byteLength === RANGE_BYTES && !cut) {
    return yes(`206 with ${RANGE_BYTES} bytes`)
  }
  return no(
    `bytes=0-${RANGE_BYTES - 1} is answered by ${words(answer)} with ${cut ? 'more than ' : ''}${body.byteLength} bytes`,
    'let the web server honour Range, or every look of a client costs a whole download',
  )
}

/** `dated`: what the file's Last-Modified was when it was asked for before. */
export function judgeConditional(dated: string | undefined, answer: Answer | undefined): Finding {
  if (answer === undefined) return notTried('no database is there yet')
  if (dated === undefined) return no('there is no Last-Modified', 'let the web server send it')
  if (answer.kind === 'none') return no(answer.reason, 'look into the web server’s log')
  return answer.status === 304
    ? yes('304 for a file that has not changed')
    : no(
        `Range with If-Modified-Since is answered by ${words(answer)}`,
        'let the web server answer 304 for a file that has not changed',
      )
}

/** R32. One connection, from where we stand: a slow answer may also be our line. */
export function judgeSpeed(answer: Answer | undefined, mbitMin: number): Finding {
  if (answer === undefined || isMissing(['', answer])) return notTried('no database is there yet')
  if (answer.kind === 'none') return no(answer.reason, 'look into the web server’s log')
  const bytes = answer.body.byteLength
  if (bytes < SPEED_BYTES_MIN) {
    return notTried(`the largest file gave ${bytes} bytes, too few to tell`)
  }
  const mbit = (bytes * 8) / 1000 / Math.max(answer.tookMs, 1)
  const seen = `${mbit.toFixed(1)} Mbit/s`
  return mbit >= mbitMin
    ? yes(seen)
    : no(seen, `at least ${mbitMin} Mbit/s are asked for; try again, and compare with another line`)
}

export function judgeTimestamp(
  answer: Answer,
  wanted: Pick<Timestamp, 'serial' | 'generation'> | undefined,
): Finding {
  const stamp = timestampOf(answer)
  if (wanted === undefined) return notTried('the network has not released anything yet')
  if (stamp === undefined) {
    return isMissing(['', answer])
      ? notTried('it comes with the first sync')
      : no(`/timestamp is ${words(answer)}`, 'serve the document root that is synced')
  }
  return stamp.generation >= wanted.generation
    ? yes(`serial ${stamp.serial} generation ${stamp.generation}`)
    : no(
        `generation ${stamp.generation} where ${wanted.generation} is published`,
        'sync again, and serve the document root that is synced',
      )
}

/** R72. Seen from outside only where the operator has such a file. */
export function judgeLocalFiles(before: ByName, after: ByName, didSync: boolean): Finding {
  if (!didSync) return notTried('it takes a sync')
  const there = before.filter(([, answer]) => isThere(answer)).map(([path]) => path)
  if (there.length === 0) {
    return notTried('there is no local_logo.png or local_stats/ that could be seen from outside')
  }
  const gone = after.filter(([path, answer]) => there.includes(path) && !isThere(answer))
  return gone.length === 0
    ? yes(`${there.join(', ')} is still there after the sync`)
    : no(
        `${gone.map(([path]) => path).join(', ')} is gone after the sync`,
        `put --exclude local_* into EXCLUDE`,
      )
}

/** A password is asked for: something is there. */
function isThere(answer: Answer): boolean {
  return answer.kind === 'answer' && (answer.status === 200 || answer.status === 401)
}

function isMissing([, answer]: readonly [string, Answer]): boolean {
  return answer.kind === 'answer' && answer.status === 404
}

function isRedirect(answer: Answer): boolean {
  return (
    answer.kind === 'answer' && answer.status >= 300 && answer.status < 400 && answer.status !== 304
  )
}

function words(answer: Answer): string {
  if (answer.kind === 'none') return answer.reason
  return answer.status === 200 && answer.body.byteLength === 0
    ? 'an empty 200'
    : String(answer.status)
}
