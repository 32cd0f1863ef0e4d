import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../component/clock.js'
import { componentId } from '../component/id.js'
import type { ComponentState } from '../component/status.js'
import { HealthBoard } from './health.js'
import type { Logger } from './logger.js'
import { isLegalTransition } from './status-machine.js'
import { componentKey, createStatusReporter, type StatusReport } from './status-reporter.js'

const states: ComponentState[] = ['created', 'starting', 'ok', 'degraded', 'recoverable_error', 'permanent_error', 'stopping', 'stopped']

function open () {
  let nowMs = 0
  const lines: string[] = []
  const log = (level: string) => (message: string, fields?: object) => { lines.push(`${level} ${message} ${JSON.stringify(fields)}`) }
  const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error'), child: () => logger }
  const board = new HealthBoard({ ...systemClock, unixMs: () => nowMs }, logger)
  return { board, lines, at: (ms: number) => { nowMs = ms } }
}

const otlp = componentId('exporter', 'otlp/backup')
const key = componentKey(otlp)

test('the machine has exactly the transitions of the Collector, and those of degraded', () => {
  const legal = states.flatMap(from => states.filter(to => isLegalTransition(from, to)).map(to => `${from} ${to}`))
  assert.equal(legal, [
    'created starting',
    'starting ok', 'starting degraded', 'starting recoverable_error', 'starting permanent_error', 'starting stopping',
    'ok degraded', 'ok recoverable_error', 'ok permanent_error', 'ok stopping',
    'degraded ok', 'degraded recoverable_error', 'degraded permanent_error', 'degraded stopping',
    'recoverable_error ok', 'recoverable_error degraded', 'recoverable_error permanent_error', 'recoverable_error stopping',
    'permanent_error stopping',
    'stopping recoverable_error', 'stopping permanent_error', 'stopping stopped'
  ])
})

test('from every state, every illegal report is ignored and logged at debug', () => {
  const paths: Record<ComponentState, ComponentState[]> = {
    created: [], starting: ['starting'], ok: ['starting', 'ok'], degraded: ['starting', 'degraded'], recoverable_error: ['starting', 'recoverable_error'],
    permanent_error: ['starting', 'permanent_error'], stopping: ['starting', 'stopping'], stopped: ['starting', 'stopping', 'stopped']
  }
  for (const from of states) {
    for (const to of states) {
      const { board, lines } = open()
      board.add(key)
      for (const state of paths[from]) board.report({ component: key, state, reason: '' })
      const changes: string[] = []
      board.onChange((health, before) => changes.push(`${before} ${health.state}`))
      board.report({ component: key, state: to, reason: '' })
      const legal = isLegalTransition(from, to)
      assert.is(board.snapshot().components[0]!.state, legal ? to : from, `${from} ${to}`)
      assert.equal(changes, legal ? [`${from} ${to}`] : [])
      assert.is(lines.filter(l => l.startsWith('debug')).length, legal || from === to ? 0 : 1, `${from} ${to}`)
    }
  }
})

test('readiness is false until the graph runs, and false while an exporter cannot deliver, saying which, since when and why', () => {
  const { board, at } = open()
  const status = board.reporterFor(otlp)
  assert.equal(board.readiness(), { ready: false, graph: 'created', failing: [] })
  board.report({ component: key, state: 'starting', reason: '' })
  board.setGraph('running')
  status.ok()
  assert.is(board.readiness().ready, true)
  at(60_000)
  status.recoverableError('connect ECONNREFUSED 127.0.0.1:4317')
  at(90_000)
  status.recoverableError('deadline exceeded')
  assert.equal(board.readiness(), {
    ready: false,
    graph: 'running',
    failing: [{ component: 'exporter/otlp/backup', state: 'recoverable_error', since: '1970-01-01T00:01:00.000Z', reason: 'deadline exceeded' }]
  })
  assert.is(board.liveness().live, true, 'a restart cures no backend')
  status.ok()
  assert.is(board.readiness().ready, true)
  board.setGraph('stopping')
  assert.is(board.readiness().ready, false)
})

test('a permanent error stays, whatever the component says later', () => {
  const { board } = open()
  const status = board.reporterFor(otlp)
  board.report({ component: key, state: 'starting', reason: '' })
  board.setGraph('running')
  status.permanentError('no such bucket')
  status.ok()
  assert.is(board.readiness().failing[0]!.reason, 'no such bucket')
})

test('liveness is false once a component asked the process to end, and the list of askers is bounded', () => {
  const { board } = open()
  board.setGraph('running')
  for (let i = 0; i < 1000; i++) board.fail(key, `reason ${i}`)
  assert.is(board.liveness().live, false)
  assert.is(board.liveness().failures.length, 16)
  assert.is(board.liveness().failures[0]!.reason, 'reason 0')
  assert.is(board.readiness().ready, false)
})

test('a reporter sends changes only, so ok after every batch costs a worker no message', () => {
  const sent: StatusReport[] = []
  const status = createStatusReporter('x', report => { sent.push(report) })
  for (let i = 0; i < 1000; i++) status.ok()
  for (let i = 0; i < 3; i++) status.recoverableError('a')
  status.recoverableError('b'.repeat(10_000))
  status.ok()
  assert.equal(sent.map(s => `${s.state} ${s.reason.slice(0, 1)}`), ['ok ', 'recoverable_error a', 'recoverable_error b', 'ok '])
  assert.is(sent[2]!.reason.length, 512)
})

test('a listener that throws harms neither the reporter nor the other listeners', () => {
  const { board, lines } = open()
  board.add(key)
  const heard: string[] = []
  board.onChange(() => { throw new Error('mine') })
  const end = board.onChange(health => heard.push(health.state))
  board.report({ component: key, state: 'starting', reason: '' })
  end()
  board.report({ component: key, state: 'ok', reason: '' })
  assert.equal(heard, ['starting'])
  assert.ok(lines.some(l => l.startsWith('error a health listener threw')))
})

test('a component restarted begins anew, and one that left is forgotten', () => {
  const { board } = open()
  board.add(key)
  for (const state of ['starting', 'permanent_error'] as const) board.report({ component: key, state, reason: 'r' })
  board.add(key)
  for (const state of ['starting', 'ok'] as const) board.report({ component: key, state, reason: '' })
  assert.equal(board.snapshot().components.map(c => c.state), ['ok'])
  board.remove(key)
  board.report({ component: key, state: 'stopping', reason: '' })
  assert.equal(board.snapshot().components, [])
})

test('instances of one id are told apart by pipeline and thread', () => {
  const id = componentId('processor', 'batch')
  assert.is(componentKey(id, { pipeline: 'traces', thread: 'w1' }), 'processor/batch in traces on w1')
})

test.run()
