import type { EpochMs } from '#base/time.ts'
import { type Letter, letterId, letterText, oneLine } from './letter.ts'

const DAY_MS = 24 * 3_600_000

/** Who writes, for which network, and when. */
export interface LetterAbout {
  readonly zone: string
  /** The master that writes. */
  readonly self: string
  readonly at: EpochMs
}

/** R104: the masters cannot reach each other, or one is behind. Once a day and master; later ones go into its thread. */
export function forcedUpdateLetter({ zone, self, at }: LetterAbout, alarm: string): Letter {
  return teamLetter(
    { zone, self, at },
    'forced-update',
    `${self}: the six-hourly update is held back`,
    [`${alarm}.`, 'A release by hand still works, and what is published goes on being served.'],
  )
}

/** R107–R108: somebody releases here because the first master does not answer. */
export function secondMasterLetter(
  { zone, self, at }: LetterAbout,
  release: { readonly serial: number; readonly sigmaker: string },
  first: { readonly name: string; readonly reason: string },
): Letter {
  return teamLetter(
    { zone, self, at },
    'second-master',
    `${self} is in use, ${first.name} does not answer`,
    [
      `${release.sigmaker} released ${release.serial} through ${self}.`,
      `${first.name}: ${first.reason}.`,
      `Everybody uses ${self} until ${first.name} is well.`,
    ],
  )
}

/** A release that the mirrors that go first will not have (field-notes 1.18). */
export function heldReleaseLetter(
  { zone, self, at }: LetterAbout,
  serial: number,
  reason: string,
): Letter {
  const day = Math.floor(at / DAY_MS)
  return {
    id: letterId('held-release', zone, self, serial, day),
    thread: [],
    to: [{ kind: 'list', list: 'team' }],
    at,
    subject: oneLine(`[${zone}] release ${serial} is held`),
    text: letterText(zone, [
      `${reason}.`,
      'No other mirror was pushed to. Look at the release, and publish a better one under a higher version.',
    ]),
  }
}

function teamLetter(
  { zone, self, at }: LetterAbout,
  about: string,
  subject: string,
  paragraphs: readonly string[],
): Letter {
  const day = Math.floor(at / DAY_MS)
  return {
    id: letterId(about, zone, self, day),
    thread: [letterId(about, zone, self)],
    to: [{ kind: 'list', list: 'team' }],
    at,
    subject: oneLine(`[${zone}] ${subject}`),
    text: letterText(zone, paragraphs),
  }
}
