import type { Static } from '@sinclair/typebox'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Incident } from './incident.js'
import { parseIncident, type incidentSchema } from './schema.js'
import { incidents, longIncident, memoryIncident } from './testing/incidents.js'

const test = suite('incident documents')

type Plain<T> = T extends readonly (infer I)[] ? Plain<I>[] : T extends object ? { -readonly [K in keyof T]: Plain<T[K]> } : T
// Does not compile when the schema and the interface say different things.
const fromSchema = (value: Static<typeof incidentSchema>): Plain<Incident> => value
const toSchema = (value: Plain<Incident>): Static<typeof incidentSchema> => value

test('a document is read as it was written, from text and from bytes', () => {
  for (const incident of [...incidents, longIncident(64, 3)]) {
    const json = JSON.stringify(incident)
    assert.equal(parseIncident(json), incident)
    assert.equal(parseIncident(Buffer.from(json)), incident)
    assert.equal(toSchema(fromSchema(JSON.parse(json) as Static<typeof incidentSchema>)), incident)
  }
})

test('fields of a newer Tapio do no harm', () => {
  assert.ok(parseIncident(JSON.stringify({ ...memoryIncident, mood: 'grim' })))
})

const wrong: readonly (readonly [what: string, json: string])[] = [
  ['no JSON', '{'],
  ['nothing', ''],
  ['another document', '{"kind":"Pod"}'],
  ['null', 'null'],
  ['a list', '[]'],
  ['another schema', JSON.stringify({ ...memoryIncident, schema: 2 })],
  ['no id', JSON.stringify({ ...memoryIncident, id: '' })],
  ['no impact', JSON.stringify({ ...memoryIncident, impact: undefined })],
  ['a level nobody knows', JSON.stringify({ ...memoryIncident, severity: 'awful' })],
  ['a time that is none', JSON.stringify({ ...memoryIncident, startMs: NaN })],
  ['a chain in a circle', JSON.stringify({ ...memoryIncident, chain: memoryIncident.chain.map((step, i) => ({ ...step, causes: [{ step: i, confidence: 1, kind: 'trace', why: '' }] })) })]
]
for (const [what, json] of wrong) test(`${what} is no incident`, () => { assert.is(parseIncident(json), undefined) })

test.run()
