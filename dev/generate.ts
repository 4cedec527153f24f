/** `npm run generate`: writes the files that are made from the table of settings. A tidy test sees that they are fresh. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { printExample, printReference } from '#formats/cvdnet-toml/index.ts'

export const GENERATED: ReadonlyMap<string, () => string> = new Map([
  ['cvdnet.example.toml', printExample],
  ['docs/reference/settings.md', printReference],
])

if (import.meta.main) {
  for (const [path, print] of GENERATED) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, print())
    console.log(`wrote ${path}`)
  }
}
