import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { START } from '../support/mirrors.ts'
import { interimStore } from './interim-store.ts'
import { play } from './play.ts'
import { parseStory } from './story.ts'
import { World } from './world.ts'

const FOLDER = join(import.meta.dirname, 'stories')

for (const file of readdirSync(FOLDER).toSorted()) {
  const title = file.replace(/\.txt$/, '').replaceAll('-', ' ')
  test(title, async (t) => {
    const story = parseStory(readFileSync(join(FOLDER, file), 'utf8'))
    if (!story.ok) throw new Error(`${file}: ${story.fault}`)
    const seed = Number(story.value.settings.get('seed') ?? 1)
    const keepLast = Number(story.value.settings.get('keep-last') ?? 2)
    await using world = new World(interimStore(), START, seed, { keepLast })
    await world.open(story.value.mirrors)
    for (const line of story.value.lines) {
      try {
        await play(world, line)
      } catch (cause) {
        t.diagnostic(world.events.slice(-20).join('\n'))
        throw new Error(`${file}:${line.number}: ${line.text}`, { cause })
      }
    }
  })
}
