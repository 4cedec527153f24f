import { type Generation, generation, type Serial, serial } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'

/** What one master says to another that calls: which state it has made public. */
export interface PeerWord {
  readonly name: string
  readonly serial: Serial
  readonly generation: Generation
}

export interface PeerWordFault {
  readonly kind: 'not-a-peer-word'
  readonly line: string
}

const WORD =
  /^cvdnet-peer ([A-Za-z0-9_][A-Za-z0-9_.-]{0,62}) serial (\d{1,10}) generation (\d{1,10})$/
const LINE_SHOWN_MAX = 80

export function printPeerWord({ name, serial, generation }: PeerWord): string {
  return `cvdnet-peer ${name} serial ${serial} generation ${generation}`
}

export function parsePeerWord(line: string): Outcome<PeerWord, PeerWordFault> {
  const [, name, serialText, generationText] = WORD.exec(line) ?? []
  const serialNumber = serial(Number(serialText))
  const generationNumber = generation(Number(generationText))
  if (name === undefined || serialNumber === undefined || generationNumber === undefined) {
    return fail({ kind: 'not-a-peer-word', line: line.slice(0, LINE_SHOWN_MAX) })
  }
  return ok({ name, serial: serialNumber, generation: generationNumber })
}
