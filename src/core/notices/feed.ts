import { rfc3339, toSeconds } from '#base/time.ts'
import type { Letter } from './letter.ts'

/** Beyond it a feed is an archive. */
export const FEED_ENTRIES_MAX = 50

/** For the public: operators' addresses and the team's worries are not in it. */
export function isForEverybody({ to }: Letter): boolean {
  return to.every((one) => one.kind === 'list' && one.list !== 'team')
}

/**
 * The letters as an Atom feed (RFC 4287), so that nobody needs a list to read them. Newest first. Texts are plain text
 * (`type="text"`), so a reader shows markup in them as it was typed.
 */
export function atomFeed(zone: string, letters: readonly Letter[]): string {
  const entries = letters
    .filter(isForEverybody)
    .toSorted((a, b) => b.at - a.at || a.id.localeCompare(b.id))
    .slice(0, FEED_ENTRIES_MAX)
  const [newest] = entries
  // RFC 4287 4.1.1 wants a time even where there is nothing to tell yet.
  const updated = newest === undefined ? '1970-01-01T00:00:00Z' : time(newest)
  return `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<title>News of ${escapeXml(zone)}</title>
<id>tag:${escapeXml(zone)},2004:news</id>
<updated>${updated}</updated>
<author><name>${escapeXml(zone)}</name></author>
<link rel="self" href="http://database.${escapeXml(zone)}/news.atom"/>
${entries.map((letter) => entry(zone, letter)).join('')}</feed>
`
}

function entry(zone: string, letter: Letter): string {
  return `<entry>
<title type="text">${escapeXml(letter.subject)}</title>
<id>tag:${escapeXml(zone)},2004:${escapeXml(letter.id)}</id>
<updated>${time(letter)}</updated>
<link rel="alternate" href="http://database.${escapeXml(zone)}/index.html"/>
<content type="text">${escapeXml(letter.text)}</content>
</entry>
`
}

function time({ at }: Letter): string {
  return rfc3339(toSeconds(at))
}

/** XML 1.0 has no place for most control characters, not even escaped, nor for halves of a pair. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/(?![\t\n])\p{Cc}|[\uFFFE\uFFFF]/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
