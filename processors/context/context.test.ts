import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Processor } from '../../core/component/component.js'
import { createShared } from '../../core/component/services.js'
import { engineOf, type Engine } from '../../core/correlation/engine.js'
import { entityKey } from '../../core/correlation/entity.js'
import { BatchBuilder, type EventInput } from '../../core/data/builder.js'
import { RawEncoding, Severity } from '../../core/data/enums.js'
import { testBench, type TestBench } from '../../core/testing/services.js'
import { defaultsOf } from './defaults-for-test.js'
import { factory } from './factory.js'

const startMs = Date.UTC(2026, 0, 1, 12)
const nano = (ms: number): bigint => BigInt(ms) * 1_000_000n
const uid = '11111111-2222-3333-4444-555555555555'
const containerId = 'a'.repeat(64)

interface Context { readonly processor: Processor, readonly engine: Engine, readonly bench: TestBench }

async function context (config: Record<string, unknown> = {}): Promise<Context> {
  const shared = createShared()
  const bench = testBench('processor', 'context', defaultsOf(config), { shared })
  return { processor: await factory.create(bench.services) as Processor, engine: engineOf(shared), bench }
}

async function send ({ processor }: Context, ...events: readonly EventInput[]): Promise<void> {
  const builder = new BatchBuilder()
  for (const event of events) builder.append({ timeUnixNano: nano(startMs), observedTimeUnixNano: nano(startMs), ...event })
  await processor.consume(builder.finish())
}

const symptoms = ({ engine }: Context): string[] => [...engine.symptoms.all()].map(s => `${s.sign} ${entityKey(s.entity)} ${JSON.stringify(s.detail)}`)

function object (kind: string, value: Record<string, unknown>, action = 'ADDED'): EventInput {
  return { signal: 'events', type: 'kubernetes', name: 'ObjectSnapshot', source: 'snapshot', action, severity: Severity.info, raw: { encoding: RawEncoding.kubernetesJson, bytes: Buffer.from(JSON.stringify({ kind, ...value })) } }
}

const pod = object('Pod', {
  metadata: { namespace: 'shop', name: 'cart-0', uid }, spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'cart:1' }] },
  status: { podIP: '10.0.0.7', startTime: '2026-01-01T10:00:00Z', containerStatuses: [{ name: 'main', containerID: `containerd://${containerId}` }] }
})
const oomKill: EventInput = { signal: 'events', type: 'memory', name: 'oom_kill', source: 'ebpf', severity: Severity.critical, pid: 7, comm: 'node', message: 'OOM kill', resource: { 'k8s.pod.uid': uid, 'container.id': containerId }, attributes: { 'linux.oom.constraint': 'memcg' } }

test('a kernel event of a known container is about its pod, and the row says so', async () => {
  const c = await context()
  await send(c, pod, oomKill)
  assert.equal(symptoms(c), ['kernel.oom_kill Pod/shop/cart-0 {"container":"main"}'])
  const row = c.bench.next.batches[0]?.at(1)
  assert.equal([row?.get('entityKind'), row?.get('entityNamespace'), row?.get('entityName'), row?.get('entityUid'), row?.get('symptom')], ['Pod', 'shop', 'cart-0', uid, 'kernel.oom_kill'])
  assert.is(row?.get('symptomId'), [...c.engine.symptoms.all()][0]?.id)
  assert.ok((row?.get('confidence') ?? 0) > 0.6)
})

test('what comes before its pod is known waits for it', async () => {
  const c = await context()
  await send(c, oomKill)
  assert.equal(symptoms(c), [`kernel.oom_kill Pod//${uid} {}`])
  await send(c, pod, { signal: 'events', type: 'process', name: 'exec', source: 'ebpf', timeUnixNano: nano(startMs + 5000) }, { signal: 'events', type: 'process', name: 'exec', source: 'ebpf', timeUnixNano: nano(startMs + 7000) })
  assert.equal(symptoms(c), ['kernel.oom_kill Pod/shop/cart-0 {}'])
})

test.run()
