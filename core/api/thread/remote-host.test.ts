/**
 * Scenario: the API's thread asks the main thread, over a message channel. Guarantees: answers and errors arrive as what they were,
 * bytes are handed over, many askers share one snapshot, whoever gives up is answered at once and the main thread hears of it; a tap is
 * pulled, and ended when it is left.
 */
import { MessageChannel } from 'node:worker_threads'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Unanswered } from '../../graph/unanswered.js'
import { silentLogger } from '../../testing/services.js'
import { FakeClock } from '../../testing/fake-clock.js'
import { templateBatch } from '../../testing/template-batch.js'
import { HealthBoard } from '../../telemetry/health.js'
import type { MetricSnapshot } from '../../telemetry/snapshot.js'
import type { TapReport } from '../../graph/tap.js'
import { encodeBatch } from '../../data/codec.js'
import { HostServer, type HostServerOptions } from './host-server.js'
import type { FromApi, ToApi } from './protocol.js'
import { RemoteHost } from './remote-host.js'

const test = suite('api: remote host')

type HostRuntime = HostServerOptions['runtime']

function connected (runtime: Partial<HostRuntime>, snapshot: () => MetricSnapshot = () => ({ atMs: 0, families: [] })) {
  const { port1: main, port2: api } = new MessageChannel()
  const health = new HealthBoard(new FakeClock(), silentLogger)
  const server = new HostServer({ runtime: { health, ...runtime } as HostRuntime, snapshot, send: (message, transfer) => main.postMessage(message, transfer) })
  main.on('message', (message: FromApi) => {
    if (message.type === 'ask') void server.answer(message.id, message.question, message.argument)
    else if (message.type === 'giveUp') server.giveUp(message.id)
  })
  const host = new RemoteHost({ version: '1', startedMs: 5, plan: undefined, settings: { 'exporter/store': { directory: 'd' } }, answering: { 'store.directory': ['exporter/store'] } }, message => api.postMessage(message))
  api.on('message', (message: ToApi) => { host.take(message) })
  return { host, server, close: () => { main.close(); api.close() } }
}

const onePage = (): TapReport => ({ rows: [{ from: 'receiver/a', to: 'exporter/b', pipeline: 'main', document: encodeBatch(templateBatch(3)) }], passed: 30, notShown: 27 })

test('facts are answered at once, the rest is asked', async () => {
  let snapshots = 0
  const { host, close } = connected({ ask: ((component, question) => Promise.resolve(`${component} ${question}`)) as HostRuntime['ask'] }, () => { snapshots++; return { atMs: 7, families: [] } })
  try {
    assert.equal([host.version, host.startedMs, host.settings('exporter/store'), host.settings('x'), host.answering('store.directory'), host.answering('topology.view')], ['1', 5, { directory: 'd' }, undefined, ['exporter/store'], []])
    assert.equal((await Promise.all([host.metrics(), host.metrics(), host.metrics()])).map(m => m.atMs), [7, 7, 7])
    assert.is(snapshots, 1, 'one for all who ask at once')
    assert.is((await host.health()).graph, 'created')
    assert.is(await host.ask('exporter/store', 'store.directory', null), 'exporter/store store.directory')
  } finally { close() }
})

test('an unanswered question is still one on the other side; any other error keeps its words', async () => {
  let fail: Error = new Unanswered('exporter/store', 'store.directory', 'late', 'gave no answer')
  const { host, close } = connected({ ask: () => Promise.reject(fail) })
  const error = async (): Promise<unknown> => await host.ask('exporter/store', 'store.directory', null).catch((e: unknown) => e)
  try {
    const unanswered = await error()
    assert.instance(unanswered, Unanswered)
    assert.equal([(unanswered as Unanswered).why, (unanswered as Unanswered).message], ['late', 'exporter/store gave no answer'])
    fail = new RangeError('too far')
    assert.equal(String(await error()), 'RangeError: too far')
  } finally { close() }
})

test('whoever gives up is answered at once, and the component hears of it', async () => {
  let heard: () => void = () => undefined
  const hears = new Promise<void>(resolve => { heard = resolve })
  const { host, close } = connected({ ask: (_c, _q, _a, signal) => new Promise((_resolve, reject) => { signal?.addEventListener('abort', () => { heard(); reject(new Error('given up')) }) }) })
  try {
    const stop = new AbortController()
    const asked = host.ask('exporter/store', 'store.directory', null, stop.signal)
    stop.abort(new Error('the client went away'))
    assert.is(await asked.catch((e: Error) => e.message), 'the client went away')
    await hears
  } finally { close() }
})

test('a tap is pulled one answer at a time and ended when it is left', async () => {
  let [pulled, ended] = [0, false]
  let onEnd: () => void = () => undefined
  const over = new Promise<void>(resolve => { onEnd = resolve })
  const { host, close } = connected({ tapReports: async function * (_selection, signal) {
    try { while (!signal.aborted) { pulled++; yield onePage() } } finally { ended = true; onEnd() }
  } })
  try {
    for await (const { rows, passed, notShown } of host.tap({ edge: '', filter: {}, maxEventsPerSecond: 1 }, new AbortController().signal)) {
      assert.equal([rows[0]?.from, rows[0]?.batch.count, rows[0]?.batch.at(1).get('name'), passed, notShown], ['receiver/a', 3, 'event-1', 30, 27])
      break
    }
    await over
    assert.equal([pulled, ended], [1, true], 'nobody asked for a second one')
  } finally { close() }
})

test('a tap whose client goes away while nothing passes ends too; so do all when the thread is gone', async () => {
  let [onBegin, onEnd]: (() => void)[] = []
  const quiet: HostRuntime['tapReports'] = async function * (_selection, signal) {
    onBegin?.()
    try { await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true })) } finally { onEnd?.() }
  }
  const { host, server, close } = connected({ tapReports: quiet })
  try {
    const next = (signal: AbortSignal) => host.tap({ edge: '', filter: {}, maxEventsPerSecond: 1 }, signal).next()
    const stop = new AbortController()
    let [begun, ended] = [new Promise<void>(resolve => { onBegin = resolve }), new Promise<void>(resolve => { onEnd = resolve })]
    const asked = next(stop.signal).catch((e: Error) => e.message)
    await begun
    stop.abort(new Error('gone'))
    assert.is(await asked, 'gone')
    await ended
    ;[begun, ended] = [new Promise<void>(resolve => { onBegin = resolve }), new Promise<void>(resolve => { onEnd = resolve })]
    const other = next(new AbortController().signal)
    await begun
    server.close()
    await ended
    assert.equal(await other, { value: undefined, done: true })
  } finally { close() }
})

test.run()
