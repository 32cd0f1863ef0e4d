import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Processor } from '../../core/component/component.js'
import { createShared } from '../../core/component/services.js'
import { engineOf } from '../../core/correlation/engine.js'
import { BatchBuilder } from '../../core/data/builder.js'
import type { EventBatch } from '../../core/data/batch.js'
import { seeded } from '../../core/data/testing/random.js'
import { impactOf } from '../../core/impact/impact.js'
import { defaultWeights } from '../../core/impact/weights.js'
import { testBench } from '../../core/testing/services.js'
import type { ImpactConfig } from './config.js'
import { factory } from './factory.js'

const t0 = Date.UTC(2026, 0, 1)
const promise = { service: 'shop/checkout', availability: 0.999, latency: { threshold: 500, target: 0.99 }, window: 3_600_000 }

async function processorWith (config: Partial<ImpactConfig> = {}) {
  const shared = createShared()
  const bench = testBench('processor', 'impact', { infrastructure_weights: defaultWeights, slos: [promise], ...config }, { shared })
  return { ...bench, engine: engineOf(shared), processor: await factory.create(bench.services) as Processor }
}

type Made = Awaited<ReturnType<typeof processorWith>>

interface Span { readonly atMs: number, readonly failed: boolean }

function spans (all: readonly Span[]): EventBatch {
  const builder = new BatchBuilder()
  for (const { atMs, failed } of all) {
    builder.append({ signal: 'traces', type: 'span', timeUnixNano: BigInt(atMs) * 1_000_000n, durationNano: 0n, spanKind: 2, statusCode: failed ? 2 : 0, resource: { 'service.name': 'checkout', 'k8s.namespace.name': 'shop' } })
  }
  return builder.finish()
}

/** What context does with a batch, as far as this processor sees it. */
async function walk ({ engine, processor }: Made, batch: EventBatch): Promise<void> {
  engine.rows.begin(batch)
  for (let row = 0; row < batch.count; row++) {
    engine.rows.row = row
    engine.advance(Number(batch.columns.timeUnixNano[row]) / 1e6)
  }
  engine.rows.end()
  await processor.consume(batch)
}

test('a failing service breaks its promise: symptom, score, level', async () => {
  const made = await processorWith()
  await walk(made, spans(Array.from({ length: 600 }, (_, i) => ({ atMs: t0 + i * 100, failed: i % 3 === 0 }))))
  const [burn] = [...made.engine.symptoms.all()]
  assert.equal([burn?.sign, burn?.detail, burn?.entity], ['app.slo_burn', { objective: 'availability' }, { kind: 'Service', namespace: 'shop', name: 'checkout' }])
  assert.ok((burn?.impact ?? 0) > 0.3)
  const impact = impactOf(made.engine, burn === undefined ? [] : [burn], t0 + 60_000)
  assert.equal(impact.slo.map(v => [v.service, v.objective, v.windowMs]), [['shop/checkout', 'availability', 3_600_000]])
  assert.match(impact.summary, /^(?:HIGH|CRITICAL) - 1 service failed, 1 SLO violated$/)
  assert.is(made.meter.values.get('slo_burning'), 1)
})

test('the same rows cut otherwise give the same symptoms', async () => {
  const all = Array.from({ length: 3000 }, (_, i) => ({ atMs: t0 + i * 100, failed: i > 1000 && i % 5 === 0 }))
  const results: string[] = []
  for (const seed of [1, 2, 3]) {
    const random = seeded(seed)
    const made = await processorWith()
    for (let from = 0; from < all.length;) {
      const to = seed === 1 ? all.length : from + 1 + random.below(seed === 2 ? 10 : 700)
      await walk(made, spans(all.slice(from, to)))
      from = to
    }
    made.engine.flush(true)
    results.push(JSON.stringify([[...made.engine.symptoms.all()], impactOf(made.engine, made.engine.symptoms.all(), made.engine.nowMs)]))
  }
  assert.ok((results[0] as string).includes('app.slo_burn'))
  assert.is(results[0], results[1])
  assert.is(results[0], results[2])
})

test('rows get the score of their symptom, others keep what they had', async () => {
  const { engine, processor, next } = await processorWith()
  const symptom = engine.symptoms.see({ sign: 'k8s.crash_loop', layer: 'k8s', role: 'trouble', entity: { kind: 'Pod', namespace: 'shop', name: 'p' }, detail: {}, severity: 17, timeMs: t0, confidence: 1, evidence: { eventId: '', source: '', name: '', message: '' } })
  const builder = new BatchBuilder()
  builder.append({ name: 'a', symptomId: symptom?.id ?? '' })
  builder.append({ name: 'b' })
  builder.append({ name: 'c', symptomId: 'ff'.repeat(16), impact: 0.25 })
  const batch = builder.finish()
  await processor.consume(batch)
  const before = next.batches[0]?.at(0).get('impact') as number
  engine.advance(t0)
  engine.flush(false)
  await processor.consume(batch)
  const rows = [...next.batches[1] as EventBatch].map(row => row.get('impact'))
  assert.ok(Math.abs((rows[0] as number) - (symptom?.impact ?? 0)) < 1e-6)
  assert.ok(before > 0 && before <= (rows[0] as number), 'what is known without topology')
  assert.equal(rows.slice(1), [undefined, 0.25])
  assert.is(batch.at(0).get('impact'), undefined, 'the batch itself is not written to')
})

test('a batch without symptoms passes as it is', async () => {
  const { processor, next } = await processorWith()
  const batch = spans([{ atMs: t0, failed: true }])
  await processor.consume(batch)
  assert.is(next.batches[0], batch)
})

test('weights: proportion decides', async () => {
  const scores: number[] = []
  for (const resourceType of [0, 1]) {
    const { engine } = await processorWith({ infrastructure_weights: { node_criticality: 0, service_dependencies: 0, resource_type: resourceType, cascade_risk: 0, system_namespace: 1 - resourceType } })
    const seen = engine.symptoms.see({ sign: 'node.error', layer: 'node', role: 'trouble', entity: { kind: 'Node', name: 'n1' }, detail: {}, severity: 17, timeMs: t0, confidence: 1, evidence: { eventId: '', source: '', name: '', message: '' } })
    engine.advance(t0)
    engine.flush(true)
    scores.push(seen?.impact ?? 0)
  }
  // .6 · .55 and .6 · (.55 + .45).
  assert.equal(scores, [0.33, 0.6])
})

test('faults of the config', () => {
  const faults = (slos: readonly object[]): string[] => (factory.check?.({ infrastructure_weights: defaultWeights, slos }) ?? []).map(f => `${f.path.join('.')}: ${f.message}`)
  assert.equal(faults([promise]), [])
  assert.equal(faults([promise, promise]), ['slos.1.service: "shop/checkout" has a target already'])
  assert.equal(faults([{ service: 'a', window: 1 }]), ['slos.0: a target needs `availability`, `latency` or both'])
  assert.equal(faults([{ ...promise, service: 'a/b/c' }, { ...promise, service: '/x' }]), ['slos.0.service: a service is `namespace/name` or a name', 'slos.1.service: a service is `namespace/name` or a name'])
})

test.run()
