import type { Field, Section, Shown } from './field.ts'
import { SECTIONS } from './table.ts'

/** What is generated from the table: `cvdnet.example.toml` and `docs/reference/settings.md` (`npm run generate`). */
const COMMENT_COLUMNS = 100
/** May be absent, and seldom is. */
const NEARLY_ALWAYS = new Set(['master.publishers.keys', 'master.mirrors.password_file'])

/** Impossible beside another section, so the example shows it as a comment. */
const ALTERNATIVE_SECTIONS = new Set(['dns.dnssec'])

export function printExample(): string {
  const head =
    '# cvdnet.toml with every setting at its default, and examples where there is none. Made by `npm run generate`.\n' +
    '# A role runs when its section is there: leave out [master] and its parts on a mirror, and the other way round.\n'
  return `${head}${SECTIONS.map(exampleSection).join('')}`
}

function exampleSection(section: Section): string {
  const mark = ALTERNATIVE_SECTIONS.has(section.path) ? '# ' : ''
  const name = section.kind === 'list' ? `[[${section.path}]]` : `[${section.path}]`
  const header = `${mark}${name}\n`
  const fields = Object.values(section.fields)
    .map((field) => exampleField(section, field))
    .join('')
  return `\n${comment(section.about)}${section.path === '' ? '' : header}${fields}`
}

function exampleField({ path }: Section, field: Field<unknown>): string {
  const isAlternative =
    ALTERNATIVE_SECTIONS.has(path) ||
    (field.need === 'optional' && !NEARLY_ALWAYS.has(`${path}.${field.key}`))
  const line = `${isAlternative ? '# ' : ''}${field.key} = ${toml(field.shown)}\n`
  return `${comment(`${plain(field.about)} (${plain(field.wanted)})`)}${line}`
}

export function printReference(): string {
  const sections = SECTIONS.map(referenceSection).join('\n')
  return `# Settings

One file, \`cvdnet.toml\`, made of the sections below; [cvdnet.example.toml](../../cvdnet.example.toml) shows them all. A role
runs when its section is there. Relative paths start in the folder of the file. Durations look like \`6h\`, \`30s\`, \`1h 30m\`,
sizes like \`512 MiB\` or \`10 GB\`. All faults of a file are told at once, with their lines. Secrets never stand in it.

This page is made from the table in \`src/formats/cvdnet-toml\` by \`npm run generate\`.

${sections}`
}

function referenceSection(section: Section): string {
  const title =
    section.path === ''
      ? 'Above all sections'
      : `\`${section.kind === 'list' ? `[[${section.path}]]` : `[${section.path}]`}\``
  const rows = Object.values(section.fields).map((field) => {
    const given = { preset: `\`${toml(field.shown)}\``, required: 'needed', optional: 'none' }
    return `| \`${field.key}\` | ${cell(field.wanted)} | ${cell(given[field.need])} | ${cell(field.about)} |\n`
  })
  return `## ${title}

${section.about}

| key | what may stand there | default | meaning |
|---|---|---|---|
${rows.join('')}`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function plain(text: string): string {
  return text.replaceAll('`', '')
}

function comment(text: string): string {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? ''
    if (last !== '' && last.length + word.length + 3 > COMMENT_COLUMNS) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines.map((line) => `# ${line}\n`).join('')
}

function toml(value: Shown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return JSON.stringify(value)
  return `[${value.map((one) => JSON.stringify(one)).join(', ')}]`
}
