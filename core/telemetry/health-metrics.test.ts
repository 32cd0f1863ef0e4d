/** Scenario: components fail, recover and leave. Guarantees: the gauge is 1 exactly while a component is in error. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { componentId } from '../component/id.js'
import { FakeClock } from '../testing/fake-clock.js'
import { RecordingMeter, silentLogger } from '../testing/services.js'
import { HealthBoard } from './health.js'
import { HealthMetrics } from './health-metrics.js'

test('a component is failing from its error until it is well again or gone', () => {
  const board = new HealthBoard(new FakeClock(), silentLogger)
  const meter = new RecordingMeter()
  const metrics = new HealthMetrics(board, meter)
  const failing = (component: string): number | undefined => { metrics.sample(); return meter.values.get(`component_failing{component="${component}"}`) }
  for (const id of ['otlp', 'store']) {
    board.reporterFor(componentId('exporter', id))
    for (const state of ['starting', 'ok'] as const) board.report({ component: `exporter/${id}`, state, reason: '' })
  }
  assert.equal(['exporter/otlp', 'exporter/store'].map(failing), [0, 0])
  board.report({ component: 'exporter/otlp', state: 'recoverable_error', reason: 'no answer' })
  board.report({ component: 'exporter/store', state: 'permanent_error', reason: 'no disk' })
  assert.equal(['exporter/otlp', 'exporter/store'].map(failing), [1, 1])
  board.report({ component: 'exporter/otlp', state: 'ok', reason: '' })
  board.remove('exporter/store')
  assert.equal(['exporter/otlp', 'exporter/store'].map(failing), [0, 0])
})

test.run()
