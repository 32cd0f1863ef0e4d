// Scenario: stored spans of a trace, whole, with gaps, doubled, and in a circle.
// Guarantees: each span once, parents before children, whatever is missing.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventJson } from '../../gen/tapio/v1/event_pb.js'
import { spanRows } from './spans.js'

const span = (spanId: string, parentSpanId: string | undefined, second: number): EventJson => ({ signal: 'traces', spanId, ...(parentSpanId === undefined ? {} : { parentSpanId }), time: `2026-01-01T00:00:0${second}Z`, duration: '1.5s' })
const shape = (events: readonly EventJson[]): string[] => spanRows(events).map(r => `${'.'.repeat(r.depth)}${r.event.spanId ?? ''}${r.orphan ? '?' : ''}`)

test('a tree in order of time', () => { assert.equal(shape([span('c', 'a', 3), span('b', 'a', 2), span('a', undefined, 1), span('d', 'b', 4)]), ['a', '.b', '..d', '.c']) })
test('a parent that is not stored', () => { assert.equal(shape([span('b', 'gone', 2), span('c', 'b', 3)]), ['b?', '.c']) })
test('a circle, and one that is its own parent', () => { assert.equal(shape([span('a', 'b', 1), span('b', 'a', 2), span('c', 'c', 3)]), ['a?', '.b', 'c?']) })
test('doubles and what is no span are left out', () => { assert.equal(shape([span('a', undefined, 1), span('a', undefined, 1), { signal: 'logs', spanId: 'x' }, { signal: 'traces' }]), ['a']) })
test('lengths', () => { assert.is(spanRows([span('a', undefined, 1)])[0]?.lengthMs, 1500) })

test.run()
