/**
 * Scenario: histories of symptoms, some with a habit and some without, played through the engine. Guarantees: what follows regularly is
 * linked, what only happens a lot or near by is not; traces and known sequences give direction; memory is bounded and order within lateness no matter.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../../data/testing/random.js'
import { Engine } from '../engine.js'
import { app, node, t0, type Made } from '../testing/objects.js'
import { linkTexts, play, put, see, tell, textOf, type Told } from '../testing/story.js'
import { TemporalLinker, type TemporalLinkerOptions } from './temporal-linker.js'

const options: TemporalLinkerOptions = { windowMs: 300_000, skewMs: 5000, minScore: 0.7, minOccurrences: 3, maxPairs: 20_000 }

function engineWith (objects: readonly Made[] = [], more: Partial<TemporalLinkerOptions> = {}): { engine: Engine, linker: TemporalLinker } {
  const engine = new Engine()
  put(engine, objects)
  const linker = new TemporalLinker(engine, { ...options, ...more }, () => undefined)
  engine.use('temporal_correlation', linker)
  return { engine, linker }
}

const ofKind = (engine: Engine, kind: string): string[] => [...new Set([...engine.links.all()].filter(l => l.kind === kind).map(l => `${textOf(engine, l.cause)} > ${textOf(engine, l.effect)}`))].sort()

function learned (told: readonly Told[], objects: readonly Made[] = []): string[] {
  const { engine } = engineWith(objects)
  play(engine, [...told].sort((a, b) => a.atMs - b.atMs))
  return ofKind(engine, 'co_occurrence')
}

/** `cause`, and `effect` some seconds later, at irregular times. */
function habit (times: number, cause: readonly [string, string], effect: readonly [string, string], delay: (i: number) => number): Told[] {
  const random = seeded(7)
  let at = 0
  return Array.from({ length: times }, (_, i) => {
    at += 700 + random.below(2000)
    return [tell(cause[0], cause[1], at), tell(effect[0], effect[1], at + delay(i))]
  }).flat()
}

test('a pair that follows regularly is linked from its third time on', () => {
  const told = (times: number): Told[] => habit(times, ['app.out_of_memory', 'Pod/a'], ['app.slow', 'Pod/a'], () => 12)
  assert.equal(learned(told(2)), [])
  assert.equal(learned(told(3)), ['app.out_of_memory Pod/a > app.slow Pod/a'])
})

test('a pair of different things needs a reason, or to be very sure', () => {
  const shop = app('cart', 1)
  const apart = habit(4, ['app.rate_limited', 'Pod/other'], ['app.slow', 'Pod/cart-0'], i => 10 + i)
  assert.equal(learned(apart, shop), [])
  const ofWorkload = habit(4, ['app.rate_limited', 'Deployment/cart'], ['app.slow', 'Pod/cart-0'], i => 10 + i)
  assert.equal(learned(ofWorkload, shop), ['app.rate_limited Deployment/cart > app.slow Pod/cart-0'])
  assert.equal(learned(habit(10, ['app.rate_limited', 'Pod/other'], ['app.slow', 'Pod/cart-0'], () => 10), shop), ['app.rate_limited Pod/other > app.slow Pod/cart-0'])
})

test('what happens often, and what happens at any time after, is not linked', () => {
  const random = seeded(3)
  const noise = Array.from({ length: 200 }, (_, i) => tell('app.log_error', 'Pod/a', 60 * i + random.below(50)))
  const rare = Array.from({ length: 8 }, (_, i) => tell('app.slow', 'Pod/a', 1500 * i + 700 + random.below(400)))
  assert.equal(learned([...noise, ...rare]), [])
  assert.equal(learned(habit(6, ['app.rate_limited', 'Pod/a'], ['app.slow', 'Pod/a'], i => [2, 110, 7, 64, 1, 119][i] as number)), [])
})

test('what comes like clockwork causes nothing', () => {
  const told = Array.from({ length: 8 }, (_, i) => [tell('app.alert', 'Pod/a', 900 * i), tell('app.slow', 'Pod/a', 900 * i + 20)]).flat()
  const { engine } = engineWith()
  play(engine, told)
  const late = ofKind(engine, 'co_occurrence')
  // Before it is known to be a clock the pair may have counted; afterwards no onset of it does.
  const linked = [...engine.links.all()].filter(l => (engine.symptoms.get(l.effect)?.firstMs ?? 0) > t0 + 900_000 * 5)
  assert.equal(linked.filter(l => l.kind === 'co_occurrence'), [], late.join())
})

test('the effect never comes first, and a recovery is neither', () => {
  const told = habit(5, ['k8s.pod_ready', 'Pod/a'], ['app.slow', 'Pod/a'], () => 5)
  assert.equal(learned(told), [])
})

test('a sequence of three steps is learned', () => {
  const random = seeded(5)
  let at = 0
  const told = Array.from({ length: 6 }, () => {
    at += 1500 + random.below(3000)
    return [tell('app.connections_exhausted', 'Pod/a', at), tell('app.timeout', 'Pod/a', at + 10), tell('app.unavailable', 'Pod/a', at + 20)]
  }).flat()
  const { engine } = engineWith()
  play(engine, told)
  assert.equal(ofKind(engine, 'sequence'), ['app.connections_exhausted Pod/a > app.timeout Pod/a', 'app.timeout Pod/a > app.unavailable Pod/a'])
})

const known: readonly { readonly name: string, readonly objects: readonly Made[], readonly told: readonly Told[], readonly links: readonly string[] }[] = [
  {
    name: 'a crash loop, when all of it was seen',
    objects: app('cart', 2),
    told: [tell('kernel.oom_kill', 'Pod/cart-0', 0), tell('k8s.container_oom_killed', 'Pod/cart-0', 1), tell('k8s.crash_loop', 'Pod/cart-0', 40), tell('k8s.container_exited', 'Pod/cart-1', 20)],
    links: ['k8s.container_oom_killed Pod/cart-0 > k8s.crash_loop Pod/cart-0', 'kernel.oom_kill Pod/cart-0 > k8s.container_oom_killed Pod/cart-0']
  },
  { name: 'no crash loop of two steps', objects: [], told: [tell('kernel.oom_kill', 'Pod/a', 0), tell('k8s.crash_loop', 'Pod/a', 40)], links: [] },
  { name: 'steps that are turned', objects: [], told: [tell('k8s.crash_loop', 'Pod/a', 0), tell('k8s.container_exited', 'Pod/a', 10), tell('kernel.oom_kill', 'Pod/a', 30)], links: [] },
  { name: 'steps too far apart', objects: [], told: [tell('kernel.oom_kill', 'Pod/a', 0), tell('k8s.container_exited', 'Pod/a', 400), tell('k8s.crash_loop', 'Pod/a', 440)], links: [] },
  {
    name: 'a rollout that fails, over workload and pod',
    objects: app('cart', 1),
    told: [tell('k8s.rollout_started', 'Deployment/cart', 0), tell('k8s.image_pull_failed', 'Pod/cart-0', 20), tell('k8s.workload_unavailable', 'Deployment/cart', 60)],
    links: ['k8s.image_pull_failed Pod/cart-0 > k8s.workload_unavailable Deployment/cart', 'k8s.rollout_started Deployment/cart > k8s.image_pull_failed Pod/cart-0']
  },
  {
    name: 'pressure on a node, for its pods alone',
    objects: [node('n1'), node('n2'), ...app('cart', 2, { nodes: ['n1', 'n2'] })],
    told: [
      tell('node.pressure_memory', 'Node/n1', 0), tell('k8s.evicted', 'Pod/cart-0', 20), tell('k8s.pod_not_ready', 'Pod/cart-0', 25),
      tell('k8s.evicted', 'Pod/cart-1', 21), tell('k8s.pod_not_ready', 'Pod/cart-1', 26)
    ],
    links: ['k8s.evicted Pod/cart-0 > k8s.pod_not_ready Pod/cart-0', 'node.pressure_memory Node//n1 > k8s.evicted Pod/cart-0']
  }
]

for (const { name, objects, told, links } of known) {
  test(`known sequence: ${name}`, () => {
    for (const order of [told, told.toReversed()]) {
      const { engine } = engineWith(objects)
      for (const t of order) see(engine, t)
      engine.flush(true, t0 + 500_000)
      assert.equal(ofKind(engine, 'sequence'), [...links].sort())
    }
  })
}

const trace = (spanId: string, parentSpanId?: string) => ({ traceId: 't1', spanId, ...(parentSpanId === undefined ? {} : { parentSpanId }) })

test('a trace says whose error it was, in whatever order spans come', () => {
  const told = [
    tell('app.span_error', 'Pod/front-0', 0, trace('a')), tell('app.call_failed', 'Pod/front-0', 0, trace('b', 'a')), tell('app.span_error', 'Pod/cart-0', 0.1, trace('c', 'b')),
    tell('app.log_error', 'Pod/cart-0', 0.2, trace('c')), tell('app.no_space', 'Pod/cart-0', 0.2, trace('c'))
  ]
  const expected = [
    'app.call_failed Pod/front-0 > app.span_error Pod/front-0', 'app.no_space Pod/cart-0 > app.log_error Pod/cart-0', 'app.no_space Pod/cart-0 > app.span_error Pod/cart-0',
    'app.span_error Pod/cart-0 > app.call_failed Pod/front-0'
  ]
  for (const order of [told, told.toReversed(), [...told.slice(2), ...told.slice(0, 2)]]) {
    const { engine } = engineWith()
    for (const t of order) see(engine, t)
    engine.flush(true, t0 + 1000)
    assert.equal(ofKind(engine, 'trace'), expected)
  }
})

test('spans of another trace, or siblings, say nothing of each other', () => {
  const { engine } = engineWith()
  play(engine, [tell('app.span_error', 'Pod/a', 0, trace('b', 'a')), tell('app.span_error', 'Pod/b', 0, trace('c', 'a')), tell('app.span_error', 'Pod/c', 0, { traceId: 't2', spanId: 'a' })])
  assert.equal(ofKind(engine, 'trace'), [])
})

test('a pod whose spans fail has trouble below', () => {
  const { engine } = engineWith()
  play(engine, [tell('kernel.oom_kill', 'Pod/a', 0), tell('app.span_error', 'Pod/a', 3, trace('s')), tell('kernel.oom_kill', 'Pod/b', 0), tell('app.log_error', 'Pod/b', 3)])
  assert.equal(ofKind(engine, 'trace'), ['kernel.oom_kill Pod/a > app.span_error Pod/a'])
})

test('a quick succession of troubles of one thing is a burst; what is linked already is not', () => {
  const told = [tell('app.no_space', 'Deployment/x', 0), tell('app.config_error', 'Deployment/x', 5), tell('app.slow', 'Deployment/x', 9), tell('app.panic', 'Deployment/x', 40)]
  const { engine } = engineWith()
  play(engine, told)
  assert.equal(ofKind(engine, 'burst'), ['app.no_space Deployment/x > app.slow Deployment/x'])
})

test('memory is bounded under a flood of everything, and ticks stay quick', () => {
  const { engine, linker } = engineWith([], { maxPairs: 1000 })
  const random = seeded(11)
  for (let i = 0; i < 12_000; i++) {
    const t = tell(['app.slow', 'app.timeout', 'app.log_error', 'kernel.oom_kill'][random.below(4)] as string, `Pod/p${random.below(5000)}`, i / 10, { traceId: `t${i}`, spanId: 's', parentSpanId: `p${i}` })
    engine.advance(t.atMs)
    see(engine, t)
  }
  engine.flush(true)
  const { pairs, sequences, series, companions, spans } = linker.state
  assert.ok(pairs <= 1000 && sequences <= 1000, JSON.stringify(linker.state))
  assert.ok(series <= 20_000 && companions <= 40_000 && spans <= 100_000, JSON.stringify(linker.state))
})

test('rows that are late by less than the skew change nothing', () => {
  const random = seeded(23)
  const told = habit(5, ['app.out_of_memory', 'Pod/a'], ['app.slow', 'Pod/a'], () => 12)
  // A beat keeps time going, as rows of any kind do.
  const beats = Array.from({ length: 3000 }, (_, i) => t0 + i * 5000)
  const run = (delayMs: () => number): string[] => {
    const { engine } = engineWith()
    const all = [...told.map(t => ({ atMs: t.atMs + delayMs(), t })), ...beats.map(atMs => ({ atMs, t: undefined }))].sort((a, b) => a.atMs - b.atMs)
    for (const { atMs, t } of all) {
      engine.advance(t === undefined ? atMs : t.atMs)
      if (t !== undefined) see(engine, t)
    }
    engine.flush(true)
    return [...engine.links.all()].map(l => JSON.stringify(l)).sort()
  }
  const inOrder = run(() => 0)
  assert.is(inOrder.length, 3)
  for (let i = 0; i < 5; i++) assert.equal(run(() => random.below(4000)), inOrder)
})

test('all links together are told in one order', () => {
  const run = (): string => {
    const { engine } = engineWith(app('cart', 3))
    play(engine, [...habit(4, ['app.out_of_memory', 'Pod/cart-0'], ['app.slow', 'Pod/cart-0'], () => 3), ...habit(4, ['app.panic', 'Pod/cart-1'], ['app.slow', 'Deployment/cart'], () => 4)].sort((a, b) => a.atMs - b.atMs))
    return JSON.stringify([...engine.links.all()]) + linkTexts(engine).join()
  }
  assert.is(run(), run())
})

test.run()
