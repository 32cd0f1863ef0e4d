import * as assert from 'uvu/assert'
import { test } from 'uvu'
import { Engine } from '../correlation/engine.js'
import type { EntityRef } from '../correlation/entity.js'
import type { Finding } from '../patterns/finding.js'
import { Findings } from './findings.js'
import { Scope } from './scope.js'
import { see, startMs } from './testing/scene.js'

const about = (kind: string, name: string, more: Partial<Finding> = {}): Finding => ({
  pattern: 'p', cause: 'c', layer: 'k8s', subject: { kind, namespace: 'shop', name }, score: 0.9, title: 't', explanation: '', for: [], against: [], explainsSigns: [], symptoms: [], actions: [], sinceMs: NaN, rank: 'root', ...more
})

interface Bench { readonly engine: Engine, readonly findings: Findings, readonly asked: EntityRef[], says: readonly Finding[], tick(atS: number, isLast?: boolean): void }

function bench (settleMs = 0, maxSubjects = 100): Bench {
  const engine = new Engine()
  const scope = new Scope(engine.model, engine.dependencies)
  const made: Bench = {
    engine, asked: [], says: [],
    findings: new Findings({ version: 0, subjects: () => [], evaluate: (_, subjects) => { made.asked.push(...subjects); return { findings: made.says, left: [] } } }, scope, { retentionMs: 1_800_000, maxSubjects, settleMs, maxOfPattern: 200, maxFindings: 2000 }),
    tick: (atS, isLast = false) => { scope.at(startMs + atS * 1000); made.findings.update(engine, { nowMs: startMs + atS * 1000, isLast }) }
  }
  return made
}

const web = { kind: 'Service', metadata: { namespace: 'shop', name: 'web' } }

test('objects that changed are asked about, and entities of new symptoms with what is near them', () => {
  const b = bench()
  b.engine.model.put('Service', web, startMs)
  b.tick(1)
  assert.ok(b.asked.some(e => e.kind === 'Service' && e.name === 'web'))
  b.asked.length = 0
  b.tick(2)
  assert.is(b.asked.length, 0)
  see(b.engine, 'k8s.crash_loop', 'Pod/shop/x-1')
  b.tick(3)
  assert.equal(b.asked.map(e => e.kind).sort(), ['Namespace', 'Pod'])
})

test('what no longer holds is remembered, and what blames another ends with the one that was asked', () => {
  const b = bench()
  const blamed = about('Namespace', 'shop', { asked: [{ kind: 'Service', namespace: 'shop', name: 'web' }] })
  b.engine.model.put('Service', web, startMs)
  b.says = [blamed]
  b.tick(1)
  assert.is(b.findings.all().length, 1)
  const before = b.findings.version
  // The namespace alone is asked: that says nothing about the Service.
  b.says = []
  b.engine.model.put('Namespace', { kind: 'Namespace', metadata: { name: 'shop' } }, startMs)
  b.tick(2)
  assert.is(b.findings.version, before)
  b.engine.model.put('Service', web, startMs + 3000)
  b.tick(3)
  assert.is(b.findings.version, before + 1)
  assert.is(b.findings.all().length, 1)
  b.tick(3 + 1800)
  assert.is(b.findings.all().length, 0)
})

test('it must hold for a while, but not when nothing more comes', () => {
  const b = bench(5000)
  b.says = [about('Service', 'web')]
  b.engine.model.put('Service', web, startMs)
  b.tick(1)
  b.tick(3)
  assert.is(b.findings.all().length, 0)
  b.tick(6)
  b.tick(7)
  assert.is(b.findings.all().length, 1)
  const last = bench(5000)
  last.says = [about('Service', 'web')]
  last.engine.model.put('Service', web, startMs)
  last.tick(1, true)
  assert.is(last.findings.all().length, 1)
})

test('of objects without trouble a fifth of the bound is asked at a tick, the rest at the next, all at the last', () => {
  const b = bench(0, 50)
  for (let i = 0; i < 25; i++) b.engine.model.put('Node', { kind: 'Node', metadata: { name: `n${i}` } }, startMs)
  b.tick(1)
  assert.is(b.asked.length, 10)
  assert.is(b.findings.waiting, 15)
  b.tick(2)
  b.tick(3)
  assert.is(b.asked.length, 25)
})

test.run()
