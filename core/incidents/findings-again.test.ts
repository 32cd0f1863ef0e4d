/** What is asked again: what a budget left, and everything when knowledge changes. */
import * as assert from 'uvu/assert'
import { test } from 'uvu'
import { Engine } from '../correlation/engine.js'
import { entityKey, type EntityRef } from '../correlation/entity.js'
import type { Finding } from '../patterns/finding.js'
import { Findings, type Knowledge } from './findings.js'
import { Scope } from './scope.js'
import { startMs } from './testing/scene.js'

const service = (name: string): EntityRef => ({ kind: 'Service', namespace: 'shop', name })

function finding (subject: EntityRef): Finding {
  return {
    pattern: 'no-pods', cause: 'no_pods', layer: 'k8s', subject, score: 0.9, title: 'no pods', explanation: '', for: [], against: [], explainsSigns: [], symptoms: [], actions: [], sinceMs: NaN, rank: 'root'
  }
}

/** Finds the names it is told to, at most `perCall` subjects a call. */
class Knows implements Knowledge {
  version = 0
  readonly asked: string[] = []
  constructor (public names: readonly string[], readonly perCall = Infinity) {}

  evaluate (_: Engine, subjects: readonly EntityRef[]): ReturnType<Knowledge['evaluate']> {
    const now = subjects.slice(0, this.perCall)
    this.asked.push(...now.map(s => s.name))
    return { findings: now.filter(s => this.names.includes(s.name)).map(finding), left: subjects.slice(this.perCall) }
  }

  * subjects ({ model }: Engine): Iterable<EntityRef> { for (const { metadata } of model.objects('Service')) yield service(metadata?.name ?? '') }
}

function bench (knowledge: Knows, names: readonly string[]) {
  const engine = new Engine()
  for (const name of names) engine.model.put('Service', { kind: 'Service', metadata: { namespace: 'shop', name } }, startMs)
  const findings = new Findings(knowledge, new Scope(engine.model, engine.dependencies), { retentionMs: 600_000, maxSubjects: 1000, settleMs: 0, maxOfPattern: 3, maxFindings: 100 })
  return {
    findings,
    update: (atS: number, isLast = false) => { findings.scope.at(startMs + atS * 1000); findings.update(engine, { nowMs: startMs + atS * 1000, isLast }) },
    held: () => findings.all().map(h => entityKey(h.finding.subject)).sort()
  }
}

test('what the budget did not suffice for waits for the next tick, and is not taken for answered', () => {
  const knowledge = new Knows(['a', 'b', 'c'], 2)
  const { findings, update, held } = bench(knowledge, ['a', 'b', 'c'])
  update(1)
  const atFirst = held().length
  assert.ok(atFirst < 3)
  assert.ok(findings.waiting > 0)
  for (let i = 2; i < 6; i++) update(i)
  assert.equal(held(), ['Service/shop/a', 'Service/shop/b', 'Service/shop/c'])
  assert.is(findings.waiting, 0)
})

test('the last tick asks until nothing is left', () => {
  const { findings, update, held } = bench(new Knows(['a', 'c', 'e'], 2), ['a', 'b', 'c', 'd', 'e'])
  update(1, true)
  assert.is(held().length, 3)
  assert.is(findings.waiting, 0)
})

test('what holds stays when nobody could be asked about it', () => {
  const knowledge = new Knows(['a', 'b'], 1000)
  const { update, held, findings } = bench(knowledge, ['a', 'b'])
  update(1)
  const version = findings.version
  update(2)
  assert.equal(held(), ['Service/shop/a', 'Service/shop/b'])
  assert.is(findings.version, version)
})

test('when knowledge changes all is asked again: what is new is found, what holds no more ends', () => {
  const knowledge = new Knows(['a'])
  const { update, held, findings } = bench(knowledge, ['a', 'b'])
  update(1)
  assert.equal(held(), ['Service/shop/a'])
  knowledge.asked.length = 0
  update(2)
  assert.equal(knowledge.asked, [], 'nothing changed, nothing is asked')
  knowledge.names = ['b']
  knowledge.version++
  update(3)
  assert.ok(knowledge.asked.includes('a') && knowledge.asked.includes('b'))
  assert.ok(held().includes('Service/shop/b'))
  const before = findings.version
  update(700)
  assert.equal(held(), ['Service/shop/b'], 'what ended is forgotten after the retention')
  assert.ok(findings.version > before)
})

test('a pattern that holds for everything is held to its bound, and said', () => {
  const names = Array.from({ length: 50 }, (_, i) => `s${i}`)
  const { update, held, findings } = bench(new Knows(names), names)
  update(1)
  assert.is(held().length, 3)
  assert.is(findings.refused, 47)
  assert.equal([...findings.flooding], ['no-pods'])
})

test.run()
