import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Value } from '@sinclair/typebox/value'
import { deadlineIn, RecordingHost, testBench } from '../../core/testing/services.js'
import { schema } from './config.js'
import { factory } from './factory.js'
import { Gate, type Place } from './gate.js'
import { OtlpReceiver } from './receiver.js'
import { anyPort, startReceiver } from './start-for-test.js'

test('stop without start and stop twice resolve', async () => {
  const bench = testBench('receiver', 'otlp', Value.Default(schema, { protocols: structuredClone(anyPort) }))
  const receiver = await factory.create(bench.services)
  await receiver.stop?.(deadlineIn(1000))
  await receiver.stop?.(deadlineIn(1000))
})

test('several receivers start and stop in one process, and say where they listen', async () => {
  for (let i = 0; i < 3; i++) {
    const r = await startReceiver()
    assert.ok(r.grpcPort > 0 && r.httpPort > 0)
    assert.equal(r.logger.lines.map(l => [l.message, l.fields?.['protocol'], l.fields?.['port']]), [['listening', 'grpc', r.grpcPort], ['listening', 'http', r.httpPort]])
    assert.equal(r.status.events, ['ok'])
    await r.stop()
  }
})

test('without any protocol both are taken with their defaults, on loopback', async () => {
  const bench = testBench('receiver', 'otlp', Value.Default(schema, {}))
  const receiver = new OtlpReceiver(bench.services)
  try {
    await receiver.start(new RecordingHost())
    assert.equal(receiver.ports, { grpc: 4317, http: 4318 })
  } catch (error) {
    // Somebody else on this machine may hold the well-known ports; the message then names them.
    assert.match((error as Error).message, /localhost:431[78]/)
  }
  await receiver.stop(deadlineIn(1000))
})

test('the gate counts places and bytes, and gives all back together', () => {
  const seen: number[] = []
  const gate = new Gate(2, 100, n => { seen.push(n) })
  const [a, b] = [gate.enter(), gate.enter()]
  assert.is(gate.enter(), undefined)
  assert.ok(a?.take(60))
  assert.not(b?.take(50))
  assert.ok(b?.take(40))
  assert.is(gate.bytes, 100)
  a?.leave()
  a?.leave()
  assert.equal([gate.bytes, gate.requests], [40, 1])
  assert.not(a?.take(1), 'a place that was left takes nothing')
  assert.ok(b?.take(500), 'alone it always fits')
  b?.leave()
  assert.equal([gate.bytes, gate.requests], [0, 0])
  assert.equal(seen, [60, 100, 40, 540, 0])
})

test('who comes in too slowly gives way when there is no room, the slowest first; nobody else does', () => {
  let now = 0
  const gate = new Gate(3, 1000, () => {}, () => now)
  const gone: string[] = []
  const enter = (name: string): Place => {
    const place = gate.enter() as Place
    place.reads({ giveWay: () => { gone.push(name) } })
    return place
  }
  const [fast, slow, slower] = [enter('fast'), enter('slow'), enter('slower')]
  const bytes = (place: Place, n: number): void => { assert.ok(place.take(n)) }
  bytes(fast, 600); bytes(slow, 20); bytes(slower, 10)
  now = 200
  assert.is(gate.enter(), undefined, 'all are too young to tell')
  now = 260
  fast.whole()
  assert.ok(gate.enter()?.take(1))
  assert.equal([gone, gate.requests, gate.bytes], [['slower'], 3, 621])
  assert.ok(slow.take(100), 'there is room')
  const last = gate.enter() as Place
  assert.equal(gone, ['slower', 'slow'])
  assert.is(gate.enter(), undefined, 'the others are whole, or do not come in')
  assert.not(last.take(900), 'bytes are what is short, and nobody is slow')
  assert.ok(last.take(10))
  last.reads({ giveWay: () => { gone.push('last') } })
  now = 600
  assert.ok(fast.take(399), 'bytes come from the slow as well')
  assert.equal([gone, gate.requests, gate.bytes], [['slower', 'slow', 'last'], 2, 1000])
})

test('every metric the receiver emits is declared', async () => {
  const r = await startReceiver()
  await fetch(`http://127.0.0.1:${r.httpPort}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}' })
  await r.stop()
  const declared = new Set(factory.metrics.map(m => m.name))
  const emitted = new Set([...r.meter.values.keys()].map(k => k.replace(/\{.*/, '')))
  for (const name of emitted) assert.ok(declared.has(name), name)
})

test.run()
