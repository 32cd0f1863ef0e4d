/**
 * Scenario: random histories of objects: made, changed, removed, made again under the same name, seen late, several in one
 * millisecond. Guarantees: at every time the graph answers what a naive recomputation from the states of the objects gives,
 * also after some of it was forgotten, for the times it says it is complete for.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded, type Random } from '../../data/testing/random.js'
import type { KubeObject } from '../../kubernetes/objects.js'
import { ClusterGraph } from './cluster-graph.js'
import { NaiveGraph } from './testing/naive-graph.js'

const namespaces = ['shop', 'data']
const labelSets = [{ app: 'cart' }, { app: 'cart', tier: 'web' }, { app: 'db' }, {}]
const selectors = [{ matchLabels: { app: 'cart' } }, { matchLabels: { tier: 'web', app: 'cart' } }, {}, { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }]

const kinds: Readonly<Record<string, (random: Random) => object>> = {
  Pod: random => ({ nodeName: random.pick(['n1', 'n2', '']), serviceAccountName: random.pick(['a', 'b']), containers: [{ env: [{ name: 'PEER_HOST', value: random.pick(['s1', 's2.data', 's1:80', '']) }], envFrom: [{ configMapRef: { name: random.pick(['c1', 'c2']), optional: random.chance(0.5) } }] }] }),
  Service: random => ({ selector: random.pick<object>([{ app: 'cart' }, { app: 'db' }, { app: 'cart', tier: 'web' }, {}]), externalName: random.pick(['s1', 's2', '']) }),
  NetworkPolicy: random => ({ podSelector: random.pick<object>(selectors) }),
  PodDisruptionBudget: random => ({ selector: random.pick<object | undefined>([...selectors, undefined]) }),
  ConfigMap: () => ({}),
  HorizontalPodAutoscaler: random => ({ scaleTargetRef: { kind: 'Deployment', name: random.pick(['d1', 'd2']) } }),
  PersistentVolumeClaim: random => ({ volumeName: random.pick(['v1', 'v2', '']), storageClassName: 'fast' })
}

function randomObject (random: Random, kind: string, uid: string, nowMs: number): KubeObject {
  const name = kind === 'Service' ? random.pick(['s1', 's2']) : kind === 'ConfigMap' ? random.pick(['c1', 'c2']) : `x${random.below(3)}`
  const owner = random.chance(0.3) ? { ownerReferences: [{ kind: 'Pod', name: `x${random.below(3)}` }] } : {}
  return {
    metadata: { name, namespace: random.pick(namespaces), uid, labels: random.pick<Record<string, string>>(labelSets), creationTimestamp: new Date(nowMs - random.below(30) * 1000).toISOString(), ...owner },
    spec: (kinds[kind] as (random: Random) => object)(random)
  } as KubeObject
}

function compare (graph: ClusterGraph, naive: NaiveGraph, seed: number, times: readonly number[]): void {
  for (const timeMs of times) {
    const view = graph.atMs(timeMs)
    if (!view.complete) continue
    const expected = naive.at(timeMs)
    assert.equal([...view.nodes()].map(n => `${n.kind} ${n.namespace}/${n.name} ${n.uid}`).sort(), expected.nodes, `seed ${seed}: nodes at ${timeMs}`)
    const edges = naive.names().flatMap(ref => view.edgesOf(ref, { direction: 'out' }))
    const text = edges.map(e => `${e.kind}${e.optional ? '?' : ''} ${e.from.kind} ${e.from.namespace}/${e.from.name} ${e.to.kind} ${e.to.namespace}/${e.to.name}`)
    assert.equal(text.sort(), expected.edges, `seed ${seed}: edges at ${timeMs}`)
    const incoming = naive.names().flatMap(ref => view.edgesOf(ref, { direction: 'in' })).filter(e => e.from.exists || e.to.exists)
    assert.ok(incoming.every(e => e.sinceMs <= timeMs && timeMs < e.untilMs))
  }
}

function play (seed: number, maxEnded: number): void {
  const random = seeded(seed)
  const graph = new ClusterGraph({ retentionMs: Infinity, maxEnded })
  const naive = new NaiveGraph()
  const startMs = Date.UTC(2026, 0, 1)
  let nowMs = startMs
  for (let step = 0; step < 120; step++) {
    nowMs += random.below(3) * 1000
    const kind = random.pick(Object.keys(kinds))
    const object = randomObject(random, kind, `uid ${random.below(3)}`, nowMs)
    if (random.chance(0.7)) {
      graph.put(kind, object, nowMs)
      naive.put(kind, object, nowMs)
    } else {
      graph.remove(kind, object, nowMs)
      naive.remove(kind, object, nowMs)
    }
    if (step % 40 === 39) compare(graph, naive, seed, Array.from({ length: 20 }, () => startMs - 30_000 + random.below(nowMs - startMs + 60_000)))
  }
  compare(graph, naive, seed, Array.from({ length: (nowMs - startMs) / 1000 + 40 }, (_, i) => startMs - 35_000 + i * 1000))
}

test('the graph at any time is what the objects of that time make it', () => {
  for (let seed = 1; seed <= 12; seed++) play(seed, 1e6)
})

test('what was forgotten makes no answer wrong that is said to be complete', () => {
  for (let seed = 101; seed <= 108; seed++) play(seed, 10)
})

test.run()
