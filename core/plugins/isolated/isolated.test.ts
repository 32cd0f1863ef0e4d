/**
 * Scenario: plugins that work, throw, hang, loop, exit, leak, answer nonsense and pass on what is no batch, each in its own thread.
 * Guarantees: outcomes, drops, counts and state cross the boundary; whatever a plugin does, the other batches go on, every batch is
 * answered for, the one that ends it twice is given up, and the thread of the pipeline is never harmed.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Consumer } from '../../component/component.js'
import type { Outcome } from '../../component/outcome.js'
import type { EventBatch } from '../../data/batch.js'
import { BatchBuilder } from '../../data/builder.js'
import { deadlineIn } from '../../testing/services.js'
import type { PluginOptions } from '../config.js'
import { PluginFolder, pluginText, runPlugin, type Running } from '../testing/made.js'

interface Context { folder: PluginFolder, running: Running[] }
const test = suite<Context>('isolated plugins')
test.before.each(context => { Object.assign(context, { folder: new PluginFolder(), running: [] }) })
test.after.each(async ({ folder, running }) => {
  for (const { component } of running) await component.stop?.(deadlineIn(2000))
  folder.remove()
})

const plain = (batch: EventBatch): string => JSON.stringify([...batch].map(r => r.toObject()), (_key, value: unknown) => typeof value === 'bigint' ? String(value) : value)
/** Components keep no process alive; Tapio does. */
const alive = setInterval(() => undefined, 2 ** 30)
test.after(() => clearInterval(alive))

function batchOf (rows: number): EventBatch {
  const builder = new BatchBuilder()
  for (let i = 0; i < rows; i++) builder.append({ type: 'log', name: `event ${i}`, attributes: { i, 'service.name': 'shop' } })
  return builder.finish()
}

async function run ({ folder, running }: Context, body: string, options: Partial<PluginOptions> = {}, more: { readonly head?: string, readonly permissions?: string, readonly kind?: string } = {}): Promise<Running & { give (batch: EventBatch): Promise<Outcome> }> {
  const one = await runPlugin(folder.write('plugin.mjs', pluginText({ body, ...more })), options)
  running.push(one)
  return { ...one, give: async batch => await (one.component as unknown as Consumer).consume(batch) }
}

const passes = 'async consume (batch) { calls++; return await next.consume(batch) }'

test('a batch goes there and back unharmed, with its outcome', async context => {
  const { give, bench } = await run(context, passes)
  const batch = batchOf(50)
  assert.equal(await give(batch), { status: 'accepted' })
  const [got] = bench.next.batches
  assert.is(plain(got as EventBatch), plain(batch))
  bench.next.answer = b => ({ status: 'rejected', reason: 'no', count: 2, rows: Uint32Array.of(1, b.count - 1) })
  assert.equal(await give(batch), { status: 'rejected', reason: 'no', count: 2, rows: Uint32Array.of(1, 49) })
  bench.next.answer = () => ({ status: 'retry', reason: 'later', afterMs: 70 })
  assert.equal(await give(batch), { status: 'retry', reason: 'later', afterMs: 70 })
})

test('what it counts, drops, logs and says of its state is seen outside', async context => {
  const { give, bench } = await run(context, `consume (batch) {
    services.get('meter').counter({ name: 'tested_rows', kind: 'counter', unit: 'events', description: 'Rows seen.' }).add(batch.count)
    services.get('drops').add('unwanted', 3)
    services.get('logger').warn('hello', { n: 1n })
    services.get('status').degraded('half')
    return accepted
  }`)
  await give(batchOf(10))
  await give(batchOf(20))
  assert.is(bench.meter.values.get('tested_rows'), 30)
  assert.equal([...bench.drops], [['unwanted', 6]])
  assert.ok(bench.logger.lines.some(l => l.level === 'warn' && l.message === 'hello'))
  assert.ok(bench.status.events.includes('degraded: half'))
})

test('a count that the rest of Tapio cannot take harms nobody, and is told once', async context => {
  const { give, bench } = await run(context, `consume (batch) {
    services.get('meter').counter({ name: 'tested_rows', kind: 'counter', unit: 'events', description: 'Rows seen.' }, { 'no label': 'x' }).add(batch.count)
    return next.consume(batch)
  }`)
  bench.meter.counter = () => { throw new Error('attribute key "no label" must be lower_snake_case') }
  assert.equal(await give(batchOf(1)), { status: 'accepted' })
  for (let i = 0; !bench.logger.lines.some(l => l.message.includes('counts what cannot be counted')); i++) {
    assert.ok(i < 1000, 'it is told')
    assert.equal(await give(batchOf(1)), { status: 'accepted' })
  }
  assert.is(bench.logger.lines.filter(l => l.message.includes('counts what cannot be counted')).length, 1)
})

test('a throw is that batch\'s alone', async context => {
  const { give, bench } = await run(context, 'consume (batch) { if (batch.count === 7) throw new Error("seven"); return next.consume(batch) }')
  const answers = await Promise.allSettled([give(batchOf(5)), give(batchOf(7)), give(batchOf(6))])
  assert.equal(answers.map(a => a.status), ['fulfilled', 'rejected', 'fulfilled'])
  assert.match(String((answers[1] as PromiseRejectedResult).reason), /tapio-plugin-test 1\.0\.0 threw: Error: seven/)
  assert.is(bench.next.rows, 11)
})

/** Whatever ends its thread at a batch of seven rows: it is started again, the others arrive, the seven are given up after two deaths. */
const deadly: readonly (readonly [what: string, body: string, options: Partial<PluginOptions>, reason: string])[] = [
  ['exits', 'process.exit(3)', {}, 'exit'],
  ['throws where nobody catches', 'setTimeout(() => { throw new Error("late") }); return new Promise(() => {})', {}, 'crash'],
  ['loops for ever', 'for (;;);', { hang_timeout: 400 }, 'hang'],
  ['never answers', 'return new Promise(() => {})', { call_timeout: 400 }, 'timeout'],
  ['fills its heap', 'const all = []; for (;;) all.push({ a: [1, 2, 3], at: all.length })', { memory_limit: 32 << 20, hang_timeout: 20_000 }, 'memory'],
  ['fills its buffers', 'const all = []; return new Promise(() => setInterval(() => all.push(Buffer.alloc(4 << 20, 1)), 1))', { memory_limit: 48 << 20, call_timeout: 20_000 }, 'memory']
]

for (const [what, body, options, reason] of deadly) {
  test(`a plugin that ${what}: the others arrive, the guilty batch is given up`, async context => {
    const { give, bench } = await run(context, `consume (batch) { if (batch.count === 7) { ${body} } return next.consume(batch) }`, options)
    const answers = await Promise.all([5, 7, 6, 8, 9].map(n => give(batchOf(n))))
    assert.equal(answers.map(a => a.status), ['accepted', 'rejected', 'accepted', 'accepted', 'accepted'])
    assert.ok(bench.next.rows >= 28, 'those that were in its hands may come twice')
    assert.equal([...bench.drops], [['plugin_poison', 7]])
    assert.is(bench.meter.values.get(`plugin_deaths{reason="${reason}"}`), 2)
    assert.equal(await give(batchOf(4)), { status: 'accepted' })
    assert.is(bench.status.events.at(-1), 'ok')
    assert.is(bench.host.failures.length, 0)
  })
}

test('it is disabled after too many deaths: rows are rejected and counted, or passed on', async context => {
  const deadlyToAll = 'consume () { process.exit(1) }'
  const rejecting = await run(context, deadlyToAll, { max_restarts: 1 })
  assert.is((await rejecting.give(batchOf(3))).status, 'rejected')
  const after = await rejecting.give(batchOf(4))
  assert.is(after.status, 'rejected')
  assert.match((after as { reason: string }).reason, /is disabled: plugin tapio-plugin-test 1\.0\.0 ended/)
  assert.equal([...rejecting.bench.drops], [['plugin_poison', 3], ['plugin_disabled', 4]])
  assert.match(rejecting.bench.status.events.at(-1) ?? '', /^permanent: given up/)

  const passing = await run(context, deadlyToAll, { on_failure: 'disable', when_disabled: 'pass' })
  assert.equal(await passing.give(batchOf(5)), { status: 'accepted' })
  assert.is(passing.bench.next.rows, 5)
})

test('`stop` asks for the end of the process', async context => {
  const { give, bench } = await run(context, 'consume () { process.exit(1) }', { on_failure: 'stop' })
  await give(batchOf(3))
  assert.match(String(bench.host.failures[0]), /ended its thread with code 1/)
})

for (const [hook, body] of [['create', '...(() => { throw new Error("early") })()'], ['start', 'start () { throw new Error("early") }, consume () {}'], ['start, exiting', 'start () { process.exit(9) }, consume () {}']] as const) {
  test(`a plugin that fails in ${hook} does not keep Tapio from starting`, async context => {
    const { give, bench } = await run(context, body, { on_failure: 'disable' })
    assert.is((await give(batchOf(2))).status, 'rejected')
    assert.match(bench.status.events.at(-1) ?? '', /^permanent: given up: plugin tapio-plugin-test 1\.0\.0 ended: (it did not start: Error: early|it ended its thread with code 9)/)
  })
}

test('a stop that throws, or never ends, is survived', async context => {
  for (const body of ['consume () {}, stop () { throw new Error("no") }', 'consume () {}, stop () { return new Promise(() => {}) }', 'consume () {}, stop () { for (;;); }']) {
    const { component } = await run(context, body)
    await component.stop?.(deadlineIn(300))
    await component.stop?.(deadlineIn(300))
  }
})

test('what it holds it may still pass on when it stops', async context => {
  const { give, component, bench } = await run(context, 'held: [], consume (batch) { this.held.push(batch); return accepted }, async stop () { for (const b of this.held) await next.consume(b) }')
  await give(batchOf(5))
  await component.stop?.(deadlineIn(5000))
  assert.is(bench.next.rows, 5)
})

test('its changes of a batch reach nobody else', async context => {
  const { give, bench } = await run(context, 'consume (batch) { batch.columns.severity.fill(99); batch.columns.timeLo?.fill(0); return accepted }')
  const batch = batchOf(30)
  const before = plain(batch)
  await give(batch)
  assert.is(plain(batch), before)
  assert.is(bench.next.rows, 0)
})

test('what is no batch and what is no outcome is refused, and counted', async context => {
  const { give, bench } = await run(context, `async consume (batch) {
    const wrong = [undefined, null, {}, { count: 5 }, 'text', [], { ...batch, columns: 7 }, Object.create(batch)]
    const answers = []
    for (const w of wrong) answers.push((await next.consume(w)).status)
    if (answers.some(a => a !== 'rejected')) throw new Error(answers.join())
    return [undefined, { status: 'fine' }, { status: 'rejected', rows: new Uint32Array([9, 1]), count: -4 }, 'accepted'][calls++ % 4]
  }`)
  for (let i = 0; i < 4; i++) assert.is((await give(batchOf(5))).status, 'rejected')
  assert.is(bench.next.batches.length, 0)
  assert.ok((bench.drops.get('plugin_malformed') ?? 0) >= 4)
})

test('a flood of batches that nobody waits for is bounded', async context => {
  const { give, bench } = await run(context, 'async consume (batch) { const all = []; for (let i = 0; i < 2000; i++) all.push(next.consume(batch)); const got = await Promise.all(all); return { status: "rejected", reason: "", count: got.filter(o => o.status === "accepted").length % 100 } }')
  let most = 0
  let now = 0
  bench.next.answer = async () => { most = Math.max(most, ++now); await new Promise(resolve => setImmediate(resolve)); now--; return { status: 'accepted' } }
  await give(batchOf(100))
  assert.is(bench.next.batches.length, 2000)
  assert.ok(most <= 128, String(most))
})

test('a receiver passes batches on; a thousand deaths later it still does', async context => {
  const { bench, component } = await run(context, 'async start () { const { BatchBuilder } = tapio; setImmediate(async () => { for (;;) { const b = new BatchBuilder(); b.append({ type: "log", name: "x" }); await next.consume(b.finish()); if (Math.random() < 0.2) process.exit(1) } }) }', { max_restarts: 1000 }, { kind: 'receiver', head: 'import * as tapio from \'tapio/plugin\'' })
  await bench.next.received(process.env['TAPIO_TEST_LONG'] === '1' ? 5000 : 30, 60_000)
  await component.stop?.(deadlineIn(3000))
})

test('it reaches only what it declared', async context => {
  const asks = `async consume () {
    const net = await import('node:net')
    const answers = [typeof process.env.HOME, process.env.TAPIO_ALLOWED]
    for (const options of [{ host: '127.0.0.1', port: 9 }, { host: '127.0.0.1', port: 10 }, { path: '/run/x.sock' }]) {
      answers.push(await new Promise(resolve => { try { const s = net.connect(options); s.on('error', e => resolve(e.code)); s.on('connect', () => resolve('connected')) } catch (e) { resolve(e.code) } }))
    }
    const tried = act => { try { act(); return 'done' } catch (e) { return e.code } }
    const { createSocket } = await import('node:dgram')
    const socket = createSocket('udp4')
    answers.push(tried(() => net.createServer().listen(0, '127.0.0.1')), tried(() => socket.send('x', 10, '127.0.0.1')), tried(() => socket.send('x', 9, '127.0.0.1')), tried(() => socket.bind(10, '127.0.0.1')))
    try { process.kill(process.pid, 0); answers.push('killed') } catch (e) { answers.push(e.code) }
    try { answers.push((await fetch('http://127.0.0.1:8081/')).status) } catch (e) { answers.push((e.cause ?? e).code) }
    return { status: 'retry', reason: JSON.stringify(answers) }
  }`
  process.env['TAPIO_ALLOWED'] = 'yes'
  const { give } = await run(context, asks, {}, { permissions: '{ network: ["127.0.0.1:9"], env: ["TAPIO_ALLOWED"] }' })
  const { reason } = await give(batchOf(1)) as { reason: string }
  const denied = 'ERR_TAPIO_PERMISSION'
  assert.equal(JSON.parse(reason), ['undefined', 'yes', 'ECONNREFUSED', denied, denied, denied, denied, 'done', denied, denied, denied])
})

test.run()
