import { createHash } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Incident } from '../../core/incidents/incident.js'
import { generate, type Variation } from './generate.js'
import { think } from './measure.js'
import { maxFalseAlarms, minimums, shortForm } from './minimums.js'
import { cutAnywhere, natural, runStory, thinkers, thinking } from './run-story.js'
import type { Scenario } from './scenario.js'
import { scenarios } from './scenarios/index.js'
import { scoreStory, type Score, type Share } from './score.js'
import { Dice } from './world/random.js'

const isLong = process.env['TAPIO_TEST_LONG'] === '1'
const plain: Variation = { name: 'plain', noise: 1, skewMs: 0 }
const named = (name: string): Scenario => scenarios.find(s => s.name === name) as Scenario
const chosen = isLong ? scenarios : shortForm.map(named)

function digest (incidents: readonly Incident[]): string { return createHash('sha256').update(JSON.stringify(incidents)).digest('hex') }

test('all that think are there', () => {
  assert.equal(thinkers().map(f => f.type), thinking)
})

for (const name of ['container memory limit', 'kubelet is down']) {
  test(`${name}: the same rows give the same incidents byte for byte, whatever the batch cuts`, async () => {
    const story = generate([named(name)], 5, { ...plain, noise: 0.3, skewMs: 3000, doubled: 0.1 })
    const incidents = await runStory(natural(story.deliveries))
    assert.ok(incidents.length > 0, 'something is told')
    for (const cut of [natural(story.deliveries), natural(story.deliveries, 37), natural(story.deliveries, 1)]) assert.is(digest(await runStory(cut)), digest(incidents))
  })

  // processors/context/unread-walk.ts counts calls otherwise than walk.ts: failed connections are left out, and spans whose only failure is a 5xx code.
  test.skip(`${name}: OTLP rows that were read and such that were not tell the same`, async () => {
    const story = generate([named(name)], 5, { ...plain, noise: 0.3, skewMs: 3000, doubled: 0.1 })
    assert.is(digest(await runStory(cutAnywhere(story.deliveries, new Dice(1)))), digest(await runStory(natural(story.deliveries))))
  })
}

test(`${isLong ? 'all' : 'some'} scenarios: not below the minimums`, async () => {
  const scores: Score[] = []
  for (const scenario of chosen) {
    const story = generate([scenario], 77, plain)
    scores.push(...scoreStory(story, (await think(story)).incidents))
  }
  const wrong = scores.filter(s => s.rank !== 0).map(s => s.scenario).join(', ')
  const share = (part: number, what: keyof typeof minimums, of = scores.length): void => { assert.ok(part >= minimums[what] * of, `${what}: ${part} of ${of}, at least ${minimums[what]} is asked; root cause wrong: ${wrong}`) }
  const sum = (which: 'edges' | 'affected', pick: keyof Share): number => scores.reduce((n, s) => n + s[which][pick], 0)
  share(scores.filter(s => s.rank === 0).length, 'rootCause')
  share(scores.filter(s => s.subjectRank === 0).length, 'rootSubject')
  share(sum('edges', 'right'), 'edgePrecision', sum('edges', 'told'))
  share(sum('edges', 'found'), 'edgeRecall', sum('edges', 'wanted'))
  share(sum('affected', 'right'), 'affectedPrecision', sum('affected', 'told'))
  share(sum('affected', 'found'), 'affectedRecall', sum('affected', 'wanted'))
})

test('a healthy cluster raises no alarm', async () => {
  const { incidents } = await think(generate([], 19, plain))
  assert.ok(incidents.length <= maxFalseAlarms, incidents.map(n => n.title).join('; '))
})

test.run()
