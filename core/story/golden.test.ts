/**
 * Stories as people read them, against texts that were read before they were committed (testdata; `TAPIO_UPDATE_GOLDEN=1` writes
 * them anew). Colours are in one of them, with the escape character written as ␛.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { imageIncident, incidents, longIncident, memoryIncident, nodeIncident, unknownIncident } from '../incidents/testing/incidents.js'
import { incidentsYaml } from './documents.js'
import { pageOf } from './layout.js'
import { incidentMarkdownTable, incidentTable } from './list.js'
import { storyMarkdown } from './markdown.js'
import { storyOf, wholeStory } from './story.js'
import { storyText } from './text.js'
import { hostileIncident, unicodeIncident } from './testing/hard-incidents.js'

const test = suite('golden stories')
const folder = join(fileURLToPath(import.meta.url), '..', '..', '..', '..', 'core', 'story', 'testdata')
const update = process.env['TAPIO_UPDATE_GOLDEN'] === '1'

const page = (columns: number | undefined, color = false): ReturnType<typeof pageOf> => pageOf(columns, color)

const cases: readonly (readonly [file: string, make: () => string])[] = [
  ['memory-80.txt', () => storyText(storyOf(memoryIncident), page(80))],
  ['memory-120.txt', () => storyText(storyOf(memoryIncident), page(200))],
  ['memory-40.txt', () => storyText(storyOf(memoryIncident), page(20))],
  ['memory-80-color.txt', () => storyText(storyOf(memoryIncident), page(80, true))],
  ['memory-80-full.txt', () => storyText(storyOf(memoryIncident, wholeStory), page(80))],
  ['image-80.txt', () => storyText(storyOf(imageIncident), page(undefined))],
  ['unknown-80.txt', () => storyText(storyOf(unknownIncident), page(80))],
  ['long-80.txt', () => storyText(storyOf(longIncident(64, 7)), page(80))],
  ['node-80.txt', () => storyText(storyOf(nodeIncident(12)), page(80))],
  ['node.md', () => storyMarkdown(storyOf(nodeIncident(12)))],
  ['hostile-80.txt', () => storyText(storyOf(hostileIncident, wholeStory), page(80))],
  ['unicode-80.txt', () => storyText(storyOf(unicodeIncident), page(80))],
  ['memory.md', () => storyMarkdown(storyOf(memoryIncident))],
  ['hostile.md', () => storyMarkdown(storyOf(hostileIncident, wholeStory))],
  ['image.yaml.txt', () => incidentsYaml([imageIncident])],
  ['list-80.txt', () => incidentTable(incidents, page(80), false)],
  ['list-120.txt', () => incidentTable([...incidents, unicodeIncident], page(120), false)],
  ['list-piped.txt', () => incidentTable(incidents, page(undefined), true)],
  ['list.md', () => incidentMarkdownTable([...incidents, hostileIncident])]
]

for (const [file, make] of cases) {
  test(file, () => {
    const text = make().replaceAll('\u001b', '␛')
    const path = join(folder, file)
    if (update) writeFileSync(path, text)
    assert.fixture(text, readFileSync(path, 'utf8'))
  })
}

test.run()
