import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { imageIncident, incidents, longIncident, memoryIncident, unknownIncident } from '../incidents/testing/incidents.js'
import { atLeast, byImportance, byRelevance, byStart, matchesQuery, type IncidentQuery } from './select.js'

const test = suite('choosing incidents')

const trace = '0af7651916cd43dd8448eb211c80319c'
const questions: readonly (readonly [what: string, query: IncidentQuery, ids: readonly string[]])[] = [
  ['nothing: all', {}, incidents.map(i => i.id)],
  ['an id', { id: memoryIncident.id }, [memoryIncident.id]],
  ['the beginning of an id', { id: '0c' }, [imageIncident.id]],
  ['a trace', { traceId: trace }, [memoryIncident.id]],
  ['what a page shows of a trace', { traceId: trace.slice(0, 7) }, [memoryIncident.id]],
  ['another trace', { traceId: 'f'.repeat(32) }, []],
  ['a pod in the chain', { entity: { kind: 'Pod', namespace: 'shop', name: 'nginx-7d8f9' } }, [memoryIncident.id]],
  ['a pod by its name alone', { entity: { kind: 'Pod', name: 'nginx-7d8f9' } }, [memoryIncident.id]],
  ['a pod of that name elsewhere', { entity: { kind: 'Pod', namespace: 'other', name: 'nginx-7d8f9' } }, []],
  ['a service that is only affected', { entity: { kind: 'Service', namespace: 'shop', name: 'web' } }, [memoryIncident.id]],
  ['a node that may be next', { entity: { kind: 'Node', name: 'node-8' } }, [memoryIncident.id]],
  ['what is at fault', { entity: { kind: 'Deployment', namespace: 'shop', name: 'pay' } }, [imageIncident.id]],
  ['what was not over by then', { sinceMs: imageIncident.resolvedMs ?? 0 }, [imageIncident.id, unknownIncident.id]],
  ['all that are given must hold', { id: '0c', traceId: trace }, []]
]
for (const [what, query, ids] of questions) test(what, () => { assert.equal(incidents.filter(i => matchesQuery(i, query)).map(i => i.id), ids) })

test('a trace of 64 bits is found by its 16 digits', () => {
  assert.ok(matchesQuery({ ...unknownIncident, traceIds: ['00000000000000008448eb211c80319c'] }, { traceId: '8448eb211c80319c' }))
})

test('a promise that a service breaks is about the service', () => {
  const incident = { ...unknownIncident, impact: memoryIncident.impact }
  assert.ok(matchesQuery({ ...incident, impact: { ...incident.impact, affected: [] } }, { entity: { kind: 'Service', namespace: 'shop', name: 'cart' } }))
})

test('the worst first, the newest first, what is going on first; ties by id, however they come', () => {
  const twin = { ...imageIncident, id: '0c44e9d1f7a35b27' }
  const all = [unknownIncident, imageIncident, longIncident(2), memoryIncident, twin]
  for (const given of [all, [...all].reverse()]) {
    assert.equal([...given].sort(byImportance).map(i => i.id.slice(0, 4) + i.id.slice(-1)), ['5b1f7', 'aaaaa', 'f00d1', '0c447', '0c448'])
    assert.equal([...given].sort(byStart).map(i => i.id.slice(0, 4) + i.id.slice(-1)), ['f00d1', '0c447', '0c448', '5b1f7', 'aaaaa'])
    assert.equal([...given].sort(byRelevance).map(i => i.id.slice(0, 4) + i.id.slice(-1)), ['f00d1', '5b1f7', 'aaaaa', '0c447', '0c448'])
  }
})

test('levels', () => {
  assert.equal([atLeast('critical', 'high'), atLeast('high', 'high'), atLeast('medium', 'high')], [true, true, false])
})

test.run()
