/** Runs of many stories, with what came of each. */
import { generate, type Story, type Variation } from './generate.js'
import { natural, runStory } from './run-story.js'
import type { Scenario } from './scenario.js'
import { scenarios } from './scenarios/index.js'
import { scoreStory, type Score } from './score.js'
import { variations } from './variations.js'
import { Dice } from './world/random.js'
import type { Incident } from '../../core/incidents/incident.js'

/** What is kept of a story: its rows are let go. */
export interface Run {
  readonly scenarios: readonly Scenario[]
  readonly variation: Variation
  readonly seed: number
  readonly faultMs: number
  readonly scores: readonly Score[]
  readonly incidents: readonly Incident[]
  readonly rows: number
  readonly thinkingMs: number
}
export interface Healthy { readonly variation: string, readonly rows: number, readonly minutes: number, readonly incidents: readonly Incident[] }
export interface Results { readonly runs: readonly Run[], readonly healthy: readonly Healthy[] }

export interface MeasureOptions {
  readonly seeds: number
  /** Part of a scenario's name; '' = all. */
  readonly only?: string
  /** Part of a variation's name; '' = all. */
  readonly variation?: string
  /** Also what variations leave out as being costly. */
  readonly isFull?: boolean
  readonly onScore?: (score: Score, story: Story) => void
}

export async function measure ({ seeds, only = '', variation: wanted = '', isFull = false, onScore = () => undefined }: MeasureOptions): Promise<Results> {
  const runs: Run[] = []
  const healthy: Healthy[] = []
  for (const variation of variations.filter(v => v.name.includes(wanted))) {
    for (let seed = 1; seed <= seeds; seed++) {
      for (const group of groupsOf(variation, only, seed, isFull)) {
        const story = generate(group, seed * 7919 + group.reduce((n, s) => n + hash(s.name), 0), variation)
        const { incidents, thinkingMs } = await think(story)
        const scores = scoreStory(story, incidents)
        for (const score of scores) onScore(score, story)
        const { seed: storySeed, faultMs } = story
        runs.push({ scenarios: group, variation, seed: storySeed, faultMs, scores, incidents, rows: rowsOf(story), thinkingMs })
      }
      if (only === '' && variation.isDouble !== true) healthy.push(await quiet(variation, seed))
    }
  }
  return { runs, healthy }
}

/** What nobody could tell without a layer is left out there; two at once are of different namespaces and layers. */
function groupsOf (variation: Variation, only: string, seed: number, isFull: boolean): Scenario[][] {
  const sample = isFull || only !== '' ? 1 : variation.sample ?? 1
  const chosen = scenarios.filter((s, i) => s.name.includes(only) && (i + seed) % sample === 0)
  if (variation.isDouble !== true) return chosen.filter(s => variation.without === undefined || s.layer !== variation.without || s.layer === 'k8s').map(s => [s])
  const dice = new Dice(seed * 31)
  const local = scenarios.filter(s => s.isLocal)
  return chosen.filter(s => s.isLocal).map(s => [s, dice.pick(local.filter(other => other !== s))])
}

export async function think (story: Story): Promise<{ readonly incidents: readonly Incident[], readonly thinkingMs: number }> {
  const startedMs = performance.now()
  if (story.restart === undefined) return { incidents: await runStory(natural(story.deliveries)), thinkingMs: performance.now() - startedMs }
  const { atMs, listed } = story.restart
  const before = await runStory(natural(story.deliveries.filter(d => d.arrivalMs < atMs)))
  const after = await runStory((function * () { yield listed; yield * natural(story.deliveries.filter(d => d.arrivalMs >= atMs)) })())
  return { incidents: [...before, ...after], thinkingMs: performance.now() - startedMs }
}

async function quiet (variation: Variation, seed: number): Promise<Healthy> {
  const story = generate([], seed * 104_729, variation)
  const { incidents } = await think(story)
  return { variation: variation.name, rows: rowsOf(story), minutes: (story.endMs - story.startMs) / 60_000, incidents }
}

function rowsOf ({ deliveries }: Story): number { return deliveries.reduce((n, d) => n + d.batch.count, 0) }

function hash (text: string): number { return [...text].reduce((n, c) => n * 31 + c.charCodeAt(0) | 0, 7) >>> 8 }
