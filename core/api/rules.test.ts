/** Scenario: requests that break the rules of their proto files, and such that do not. Guarantees: each fault is named by its path; good ones pass. */
import { create } from '@bufbuild/protobuf'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GetEventsRequestSchema, SubmitEventBatchRequestSchema } from './gen/tapio/v1/event_pb.js'
import { RegisterCollectorRequestSchema } from './gen/tapio/v1/collector_pb.js'
import { checkRules } from './rules.js'

const faultsOf = (init: Parameters<typeof create<typeof GetEventsRequestSchema>>[1]): string[] =>
  checkRules(GetEventsRequestSchema, create(GetEventsRequestSchema, init)).map(f => `${f.path} ${f.reason}`)

test('words, patterns, sizes and numbers are checked where they are', () => {
  assert.equal(faultsOf({}), [])
  assert.equal(faultsOf({ filter: { minSeverity: 'error', traceId: '0'.repeat(32), signals: ['logs'] }, page: { size: 1000, order: 'oldest' } }), [])
  assert.equal(faultsOf({ filter: { minSeverity: 'worse', traceId: 'xyz', signals: ['logs', 'smoke'] }, page: { size: 1001 } }), [
    'filter.trace_id is "xyz"; expected [0-9a-f]{32}',
    'filter.min_severity is "worse"; expected one of trace, debug, info, low, medium, warning, high, error, critical',
    'filter.signals[1] is "smoke"; expected one of traces, metrics, logs, profiles, events',
    'page.size is 1001; at most 1000 is expected'
  ])
  assert.equal(faultsOf({ filter: { text: 'a'.repeat(257), names: Array(51).fill('a') as string[] } }), ['filter.names has 51 items, at most 50 are taken', 'filter.text has 257 characters, at most 256 are taken'])
})

test('what is required must be there, and maps are bounded', () => {
  assert.equal(checkRules(SubmitEventBatchRequestSchema, create(SubmitEventBatchRequestSchema, {})), [{ path: 'events', reason: 'is missing' }])
  const labels = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`k${i}`, 'v']))
  assert.equal(checkRules(RegisterCollectorRequestSchema, create(RegisterCollectorRequestSchema, { id: 'a b', type: 't', labels })).map(f => f.path), ['id', 'labels'])
})

test.run()
