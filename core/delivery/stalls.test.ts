/**
 * Scenario: exporters with and without queues, in one pipeline, in pipelines that share a receiver, and in pipelines of their own.
 * Guarantees: named are those that would make others wait, with whom; a queue that drops, an exporter that does not insist and one alone are not.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ComponentSpec } from '../graph/spec.js'
import { stallInWords, stallsOf, type StallPipeline } from './stalls.js'

const exporter = (id: string, config: object = { retry_on_failure: {} }): ComponentSpec => ({ kind: 'exporter', id, config })
const pipeline = (id: string, realReceivers: readonly string[], realExporters: readonly string[]): StallPipeline => ({ id, realReceivers, realExporters })
const queue = (whenFull: string): object => ({ retry_on_failure: {}, sending_queue: { enabled: true, when_full: whenFull } })

test('one alone, and one in a pipeline of its own, makes nobody wait', () => {
  assert.equal(stallsOf([pipeline('a', ['x'], ['otlp']), pipeline('b', ['y'], ['other'])], [exporter('otlp'), exporter('other')]), [])
})

test('two in one pipeline wait for each other; one that does not insist is waited for by nobody', () => {
  assert.equal(stallsOf([pipeline('a', ['x'], ['otlp', 'debug'])], [exporter('otlp'), exporter('debug', {})]), [{ exporter: 'otlp', others: ['debug'], when: 'at once' }])
})

test('pipelines that share a receiver share their senders', () => {
  const stalls = stallsOf([pipeline('a', ['x'], ['one']), pipeline('b', ['x', 'y'], ['two']), pipeline('c', ['y'], ['three'])], [exporter('one'), exporter('two'), exporter('three')])
  assert.equal(stalls.map(s => [s.exporter, s.others]), [['one', ['two']], ['two', ['one', 'three']], ['three', ['two']]])
})

test('a queue that refuses stalls when it is full, one that drops never', () => {
  const stalls = stallsOf([pipeline('a', ['x'], ['one', 'two', 'three'])], [exporter('one', queue('refuse')), exporter('two', queue('drop_oldest')), exporter('three', queue('drop_newest'))])
  assert.equal(stalls, [{ exporter: 'one', others: ['three', 'two'], when: 'full' }])
  assert.is(stallInWords(stalls[0] as (typeof stalls)[number]), 'while exporter `one` cannot deliver and its sending_queue is full, `three`, `two` get nothing either: senders wait for all of them, and nothing is lost. To let the others go on, give `one` a sending_queue with `when_full: drop_oldest` or `drop_newest`: what it misses is counted')
})

test.run()
