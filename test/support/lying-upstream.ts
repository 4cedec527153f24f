/** An upstream on loopback that has these files, and answers otherwise where a test wants it. */
import { httpAnswer, rawMirror } from './raw-mirror.ts'

type Files = Record<string, Uint8Array>

export interface LyingUpstream extends AsyncDisposable {
  readonly url: string
  readonly files: Files
  /** A line a question: `acme.cvd`, or `acme.cvd bytes=0-511`. */
  readonly asked: string[]
  /** What is answered for a question instead; undefined: what there is. `silence`: nothing, for ever. */
  instead: (question: string) => string | undefined
  asksFor(question: string): number
}

export const SILENCE = 'silence'

export async function lyingUpstream(files: Files): Promise<LyingUpstream> {
  const asked: string[] = []
  const mirror = await rawMirror((path, head) => {
    const range = /^range: (.*?)\r$/im.exec(head)?.[1]
    const question = [path.slice(1), ...(range === undefined ? [] : [range])].join(' ')
    asked.push(question)
    const answer = self.instead(question)
    if (answer === SILENCE) return undefined
    return answer ?? honest(files[path.slice(1)], range)
  })
  const self: LyingUpstream = {
    url: `http://127.0.0.1:${mirror.port}`,
    files,
    asked,
    instead: () => undefined,
    asksFor: (question) => asked.filter((one) => one === question).length,
    [Symbol.asyncDispose]: () => mirror[Symbol.asyncDispose](),
  }
  return self
}

export const TAG = 'ETag: "one"\r\n'

export function honest(file: Uint8Array | undefined, range?: string): string {
  if (file === undefined) return httpAnswer('', '404 Not Found')
  const text = Buffer.from(file).toString('latin1')
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
  if (first === undefined) return httpAnswer(text, '200 OK', TAG)
  const from = Number(first)
  const part = text.slice(from, last === '' ? undefined : Number(last) + 1)
  const place = `bytes ${from}-${from + part.length - 1}/${text.length}`
  return httpAnswer(part, '206 Partial Content', `Content-Range: ${place}\r\n${TAG}`)
}
