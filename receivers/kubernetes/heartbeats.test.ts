import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { KubeObject } from '../../core/kubernetes/objects.js'
import { Heartbeats } from './heartbeats.js'

const lease = (name: string): KubeObject => ({ metadata: { name, namespace: 'kube-node-lease' }, spec: { leaseDurationSeconds: 40, renewTime: '2026-01-01T00:00:00Z' } } as KubeObject)
const names = (beats: Heartbeats, nowMs: number): string[] => beats.silent(nowMs, 0).map(c => `${c.about.kind} ${c.about.name}`)

test('one of two nodes is silent: told once its lease and the grace have run out, once', () => {
  const beats = new Heartbeats(10_000)
  for (const name of ['a', 'b']) beats.renewed(lease(name), 0)
  beats.renewed(lease('b'), 45_000)
  assert.equal(names(beats, 50_000), [])
  assert.equal(names(beats, 50_001), ['Node a'])
  assert.equal(names(beats, 60_000), [])
  beats.renewed(lease('a'), 70_000)
  beats.renewed(lease('b'), 115_000)
  assert.equal(names(beats, 121_000), ['Node a'])
})

test('when no lease at all is renewed it is we who hear nothing, and after a pause nobody counts as silent', () => {
  const beats = new Heartbeats(0)
  for (const name of ['a', 'b']) beats.renewed(lease(name), 0)
  assert.equal(names(beats, 100_000), [])
  beats.listening(100_000)
  beats.renewed(lease('b'), 139_000)
  assert.equal(names(beats, 140_000), [])
  assert.equal(names(beats, 140_001), ['Node a'])
})

test('a single node is judged by itself, and a removed one not at all', () => {
  const beats = new Heartbeats(0)
  beats.renewed(lease('a'), 0)
  assert.equal(names(beats, 40_001), ['Node a'])
  beats.renewed(lease('a'), 50_000)
  beats.removed(lease('a'))
  assert.is(beats.size, 0)
  assert.equal(names(beats, 200_000), [])
})

test.run()
