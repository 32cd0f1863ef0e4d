/**
 * How tests of a configuration are written.
 *
 *   config: ../tapio.yaml
 *   tests:
 *     - name: health checks are dropped
 *       given:
 *         - events: [{signal: logs, message: out of memory, attributes: {url.path: /pay}}]
 *         - advance: 10s
 *       expect:
 *         exporters:
 *           otlp: {count: 1, rows: [{message: out of memory, attributes.url.path: /pay}]}
 */
import { Type, type Static } from '@sinclair/typebox'
import { Duration, Enum, Options } from '../config/schema.js'
import { conditionSchema } from '../match/schema.js'

const words = Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })])
const rows = (description: string) => Type.Optional(Type.Array(conditionSchema, { maxItems: 1000, description }))

const step = Options({
  receiver: Type.Optional(Type.String({ minLength: 1, description: 'Into which receiver the events go. Left out: the only one there is.' })),
  events: Type.Optional(Type.Array(Type.Record(Type.String(), Type.Unknown()), { minItems: 1, maxItems: 100_000, description: 'Events, a map each: fields by their names, `attributes`, `resource` and `scope` as maps; `severity` as a word or a number, times as ISO 8601. An event without a time has that of the clock.' })),
  file: Type.Optional(Type.String({ minLength: 1, description: 'A file of recorded events, as the `file` exporter writes it or JSON lines. Relative to this file.' })),
  advance: Type.Optional(Duration({ minimum: '1ms', maximum: '30d', description: 'How far the clock goes on: batches leave, windows close.' }))
}, { description: 'One of: events, a file of them, the passing of time.' })

const exporter = Options({
  count: Type.Optional(Type.Integer({ minimum: 0, description: 'How many rows it got.' })),
  rows: rows('Conditions, as of the `filter` processor, that must each fit a row of its own, in any order.'),
  exactly: rows('The same for all rows, in their order, and no more.'),
  never: rows('Conditions that no row may fit.')
})

const incident = Options({
  title: Type.Optional(Type.String({ description: 'Text that the title holds.' })),
  pattern: Type.Optional(Type.String({ description: 'Of the best explanation: `oom.limit-too-low`.' })),
  cause: Type.Optional(Type.String({ description: 'Of the best explanation: `node_selector_mismatch`.' })),
  at_fault: Type.Optional(Type.String({ description: 'What is at fault: `Node node-7`, `Pod shop/cart-0`.' })),
  severity: Type.Optional(Enum(['critical', 'high', 'medium', 'low'], { description: 'How bad it is.' })),
  status: Type.Optional(Enum(['open', 'resolved'], { description: 'Whether it goes on at the end.' })),
  affected: Type.Optional(Type.Array(Type.String(), { minItems: 1, description: 'All of these are hit: `Pod shop/cart-0`.' }))
}, { minProperties: 1 })

const expectation = Options({
  exporters: Type.Optional(Type.Record(Type.String(), exporter, { description: 'What each exporter got, by its id.' })),
  incidents: Type.Optional(Type.Array(incident, { maxItems: 100, description: 'Incidents at the end: each must be there. An empty list: there must be none.' })),
  drops: Type.Optional(Type.Record(Type.String(), Type.Record(Type.String(), Type.Integer({ minimum: 0 })), { description: 'Rows dropped, by component (`processor/filter`) and reason. Left out: none may be.' }))
}, { minProperties: 1 })

const testCase = Options({
  name: Type.String({ minLength: 1, maxLength: 200, description: 'What it shows.' }),
  at: Type.String({ format: 'date-time', default: '2026-01-01T00:00:00Z', description: 'Where the clock stands at its beginning.' }),
  given: Type.Array(step, { minItems: 1, maxItems: 1000, description: 'What happens, in order.' }),
  expect: expectation
})

export const testFileSchema = Options({
  config: Type.Union([words, Type.Object({}, { additionalProperties: true })], { description: 'The configuration under test: a file, several that are merged, or the configuration itself. Relative to this file.' }),
  set: Type.Array(Type.String(), { default: [], maxItems: 1000, description: 'Values above it, as `--set` takes them.' }),
  env: Type.Record(Type.String(), Type.String(), { default: {}, description: 'The environment it sees; nothing of the real one is.' }),
  tests: Type.Array(testCase, { minItems: 1, maxItems: 1000, description: 'The cases. Each has a Tapio of its own.' })
})

export type TestFile = Static<typeof testFileSchema>
export type TestCase = TestFile['tests'][number]
export type Step = TestCase['given'][number]
export type Expectation = TestCase['expect']
export type ExporterExpectation = NonNullable<Expectation['exporters']>[string]
export type IncidentExpectation = NonNullable<Expectation['incidents']>[number]
