import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { longIncident, memoryIncident, nodeIncident } from '../incidents/testing/incidents.js'
import type { ChainStep } from '../incidents/incident.js'
import { runsOf } from './alike.js'
import { storyOf } from './story.js'

const test = suite('steps that are alike')

const { chain } = nodeIncident(4)
const shapes = (steps: readonly ChainStep[], joins = true): [number, number][] => runsOf(steps, joins).map(run => [run.from, run.steps.length])
const changed = (position: number, change: Partial<ChainStep>): ChainStep[] => chain.map((step, i) => i === position ? { ...step, ...change } : step)

test('those with one sign, kind and causes are one run', () => {
  assert.equal(shapes(chain), [[0, 1], [1, 4]])
  assert.equal(shapes(chain, false), [[0, 1], [1, 1], [2, 1], [3, 1], [4, 1]])
  assert.equal(shapes([]), [])
})

const parts: readonly (readonly [what: string, change: Partial<ChainStep>])[] = [
  ['another sign', { sign: 'k8s.evicted' }],
  ['another kind', { entity: { kind: 'Deployment', namespace: 'shop', name: 'p' } }],
  ['another cause', { causes: [{ step: 1, confidence: 1, kind: 'trace', why: '' }] }],
  ['no cause', { causes: [] }]
]
for (const [what, change] of parts) {
  test(`${what} parts them, and what is left of them is too few`, () => { assert.equal(shapes(changed(2, change)), [[0, 1], [1, 1], [2, 1], [3, 1], [4, 1]]) })
}

test('steps that cause each other are none', () => {
  assert.is(shapes(longIncident(10).chain).length, 10)
  assert.is(shapes(memoryIncident.chain).length, 5)
})

test('every step is told or counted, whatever is joined', () => {
  for (const [pods, maxSteps] of [[12, 1], [12, 2], [2, 2], [0, 20]] as const) {
    const incident = { ...nodeIncident(pods), omitted: 5 }
    const story = storyOf(incident, { maxSteps })
    const told = story.steps.reduce((n, { label }) => { const [from = 0, to = from] = label.split('-').map(Number); return n + to - from + 1 }, 0)
    assert.is(told + story.moreSteps, incident.chain.length + 5)
  }
})

test('names are told up to a number', () => {
  const [, joined] = storyOf(nodeIncident(12), { maxNames: 2 }).steps
  assert.equal([joined?.label, joined?.also, joined?.moreAlso], ['2-13', ['pay/p-1', 'shop/p-2'], 9])
})

test.run()
