import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseDuration } from '#base/quantity.ts'
import { HEALTH_POLICY } from '#core/health/index.ts'
import { START } from '../support/mirrors.ts'
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
    const keepLast = Number(story.value.settings.get('keep-last') ?? HEALTH_POLICY.keepLast)
    const round = parseDuration(story.value.settings.get('round') ?? '')
    const roundMs = round ?? HEALTH_POLICY.roundMs
    await using world = new World(START, seed, { keepLast, roundMs })
    if (story.value.settings.get('zone') === 'followed') world.followZone()
    await world.open(story.value.mirrors, story.value.settings.get('masters') === 'real')
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
