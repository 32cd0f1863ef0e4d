/** The receiver against a client by hand: acknowledgements, order, repetition, restarts, what is no protocol, what is refused. */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { status as codes } from '@grpc/grpc-js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { refused, rejected, retry, type Outcome } from '../../core/component/outcome.js'
import type { EventBatch } from '../../core/data/batch.js'
import { BatchBuilder } from '../../core/data/builder.js'
import { prepareBatch } from '../../core/data/codec.js'
import { EventIds } from '../../core/data/ids.js'
import { encodeBatchMessage, encodeHello } from '../../core/wire/messages.js'
import { startReceiver, TestCollector, type StartedReceiver } from './start-for-test.js'

interface Context { folder: string, started: StartedReceiver, clients: TestCollector[] }
const test = suite<Context>('tapio receiver')

test.before.each(async context => {
  context.folder = mkdtempSync(join(tmpdir(), 'tapio-wire-'))
  context.clients = []
  context.started = await startReceiver({ state_file: join(context.folder, 'state') })
})
test.after.each(async ({ started, clients, folder }) => {
  for (const client of clients) client.close()
  await started.stop()
  rmSync(folder, { recursive: true })
})

function client (context: Context, headers?: Readonly<Record<string, string>>): TestCollector {
  const made = new TestCollector(context.started.endpoint, headers)
  context.clients.push(made)
  return made
}

/** Rows whose ids are `first` and the numbers after it. */
function events (first: number, rows: number): EventBatch {
  const builder = new BatchBuilder(rows)
  for (let row = 0; row < rows; row++) builder.append({ message: String(first + row) })
  const ids = new Uint8Array(rows * 16)
  new EventIds(new Uint8Array(8).fill(1), first).fill(ids, 0, rows)
  return builder.finish().withColumn('id', ids)
}

const message = (sequence: number, batch: EventBatch): Buffer => encodeBatchMessage(sequence, prepareBatch(batch, true))
const ack = (sequence: number): object => ({ kind: 'ack', sequence, count: 0, reason: '' })
const delivered = ({ next }: StartedReceiver): string[] => next.batches.flatMap(b => Array.from(b, row => row.get('message') ?? ''))

async function restart (context: Context): Promise<void> {
  await context.started.stop()
  context.started = await startReceiver({ state_file: join(context.folder, 'state') })
}

test('a batch is acknowledged when the pipeline has answered, not before', async context => {
  let answer: (outcome: Outcome) => void = () => undefined
  context.started.next.answer = () => new Promise(resolve => { answer = resolve })
  const c = client(context)
  assert.equal(await c.greet('a'), { kind: 'welcome', version: 1, taken: 0, maxBytes: 4 * 1024 * 1024, remembered: 131_072, rejections: [] })
  c.send(message(1, events(1, 3)))
  // A second collector's whole exchange lies between: the first one's acknowledgement would have come by then.
  const other = client(context)
  await other.greet('b')
  assert.not.ok(c.answered)
  answer({ status: 'accepted' })
  assert.equal(await c.next(), ack(1))
  assert.equal(delivered(context.started), ['1', '2', '3'])
})

test('a pipeline that asks to wait holds the acknowledgement back, and the same batch is offered again', async context => {
  let asked = 0
  context.started.next.answer = () => ++asked < 3 ? retry('full', 1) : { status: 'accepted' }
  const c = client(context)
  await c.greet('a')
  c.send(message(1, events(1, 1)))
  assert.equal(await c.next(), ack(1))
  assert.is(asked, 3)
})

test('rejected rows are named as the collector knows them, and told again after a lost connection', async context => {
  const { started } = context
  const first = client(context)
  await first.greet('a')
  first.send(message(1, events(1, 2)))
  await first.next()
  started.next.answer = () => rejected('not this one', 1, Uint32Array.of(1))
  // Rows 0 and 1 are known and filtered; the pipeline's row 1 is the collector's row 3.
  first.send(message(2, events(1, 4)))
  const expected = { kind: 'ack', sequence: 2, count: 1, reason: 'not this one', rows: Uint32Array.of(3) }
  assert.equal(await first.next(), expected)
  const welcome = await client(context).greet('a')
  assert.equal([welcome.taken, welcome.rejections], [2, [expected]])
  assert.is(started.meter.values.get('tapio_receiver_repeated'), 2)
})

test('whoever asks hears of every collector: connected or not, when last seen, what was delivered and rejected', async context => {
  const list = async () => await context.started.receiver.answer('collectors.list', null)
  assert.equal(await list(), [])
  const startedMs = Date.now()
  const b = client(context)
  await b.greet('b')
  const a = client(context)
  await a.greet('a')
  a.send(message(1, events(1, 5)))
  await a.next()
  context.started.next.answer = () => rejected('not this one', 1, Uint32Array.of(1))
  a.send(message(2, events(6, 4)))
  await a.next()
  const [first, second] = await list()
  assert.equal({ ...first, lastSeenMs: 0 }, { id: 'a', connected: true, lastSeenMs: 0, events: 8, rejected: 1 })
  assert.equal({ ...second, lastSeenMs: 0 }, { id: 'b', connected: true, lastSeenMs: 0, events: 0, rejected: 0 })
  assert.ok([first, second].every(c => c !== undefined && c.lastSeenMs >= startedMs && c.lastSeenMs <= Date.now()))
  await restart(context)
  assert.equal(await list(), [{ id: 'a', connected: false, lastSeenMs: 0, events: 0, rejected: 0 }])
})

test('a restarted collector begins a new epoch, and its known events are not delivered again', async context => {
  const first = client(context)
  await first.greet('a', 'one')
  first.send(message(1, events(1, 3)))
  await first.next()
  const second = client(context)
  assert.is((await second.greet('a', 'two')).taken, 0)
  second.send(message(1, events(2, 4)))
  assert.equal(await second.next(), ack(1))
  assert.equal(delivered(context.started), ['1', '2', '3', '4', '5'])
  const other = client(context)
  await other.greet('b', 'one')
  other.send(message(1, events(1, 1)))
  await other.next()
  assert.is(delivered(context.started).length, 6, 'another collector\'s ids are its own')
})

test('a restarted server knows sequences and ids from its state file', async context => {
  const first = client(context)
  await first.greet('a')
  for (const sequence of [1, 2]) { first.send(message(sequence, events(sequence * 10, 2))); await first.next() }
  await restart(context)
  const second = client(context)
  assert.is((await second.greet('a')).taken, 2)
  second.send(message(2, events(20, 2)))
  assert.equal(await second.next(), ack(2))
  second.send(message(3, events(20, 3)))
  assert.equal(await second.next(), ack(3))
  assert.equal(delivered(context.started), ['22'])
})

test('a server that has forgotten believes what the collector was told', async context => {
  const c = client(context)
  assert.is((await c.greet('a', 'e', 7)).taken, 7)
  c.send(message(8, events(1, 1)))
  assert.equal(await c.next(), ack(8))
})

test('a new connection of a collector waits for what the old one left in the pipeline', async context => {
  let answer: (outcome: Outcome) => void = () => undefined
  context.started.next.answer = () => new Promise(resolve => { answer = resolve })
  const first = client(context)
  await first.greet('a')
  first.send(message(1, events(1, 1)))
  while (context.started.receiver.collectors < 1 || answer.length === 0) await new Promise(resolve => setImmediate(resolve))
  const second = client(context)
  const greeting = second.greet('a')
  assert.is((await first.end()).code, codes.ABORTED)
  assert.not.ok(second.answered)
  answer({ status: 'accepted' })
  assert.is((await greeting).taken, 1)
})

test('a pipeline that refuses ends the stream, and the batch is not taken', async context => {
  context.started.next.answer = () => refused('shutting down')
  const c = client(context)
  await c.greet('a')
  c.send(message(1, events(1, 1)))
  assert.is((await c.end()).code, codes.UNAVAILABLE)
  assert.is((await client(context).greet('a')).taken, 0)
})

test('a batch that cannot be read is rejected once and for all', async context => {
  const c = client(context)
  await c.greet('a')
  const damaged = message(1, events(1, 3))
  damaged[damaged.length - 1] = (damaged[damaged.length - 1] as number) ^ 1
  c.send(damaged)
  const answer = await c.next()
  assert.ok(answer.kind === 'ack' && answer.sequence === 1 && answer.count > 1e9)
  assert.match(answer.kind === 'ack' ? answer.reason : '', /checksum does not match/)
})

for (const [what, send, code] of [
  ['bytes that are no message', (c: TestCollector) => c.send(Buffer.from('GET / HTTP/1.1')), codes.INVALID_ARGUMENT],
  ['a batch before the Hello', (c: TestCollector) => c.send(message(1, events(1, 1))), codes.INVALID_ARGUMENT],
  ['a second Hello', (c: TestCollector) => { for (let i = 0; i < 2; i++) c.send(encodeHello({ collector: 'a', epoch: 'e', acked: 0 })) }, codes.INVALID_ARGUMENT],
  ['a gap in the sequence', (c: TestCollector) => { c.send(encodeHello({ collector: 'a', epoch: 'e', acked: 0 })); c.send(message(2, events(1, 1))) }, codes.INVALID_ARGUMENT],
  ['another version', (c: TestCollector) => c.send(Buffer.from([0x95, 1, 2, 0xa1, 0x61, 0xa1, 0x62, 0])), codes.FAILED_PRECONDITION],
  ['a batch above the limit', (c: TestCollector) => c.send(Buffer.alloc(5 * 1024 * 1024)), codes.RESOURCE_EXHAUSTED]
] as const) {
  test(`${what} ends the stream and nothing else`, async context => {
    const c = client(context)
    const other = client(context)
    await other.greet('other')
    send(c)
    assert.is((await c.end()).code, code)
    other.send(message(1, events(1, 1)))
    assert.equal(await other.next(), ack(1))
    assert.is(context.started.next.rows, 1)
  })
}

test('what is not HTTP/2 is closed, and the server goes on', async context => {
  const socket = connect(context.started.receiver.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.end('\x16\x03\x01 not http at all\r\n\r\n'.repeat(20))
  await new Promise(resolve => socket.resume().once('close', resolve))
  await client(context).greet('a')
})

test('who does not know the token is turned away', async context => {
  await context.started.stop()
  context.started = await startReceiver({ auth: { bearer_tokens: ['right'], basic: {}, reload_interval: 10_000 } })
  for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
    const c = client(context, headers)
    c.send(encodeHello({ collector: 'a', epoch: 'e', acked: 0 }))
    assert.is((await c.end()).code, codes.UNAUTHENTICATED)
  }
  await client(context, { authorization: 'Bearer right' }).greet('a')
})

test('one collector more than allowed is turned away while all are connected, then takes the place of the one away', async context => {
  await context.started.stop()
  context.started = await startReceiver({ max_collectors: 1 })
  const first = client(context)
  await first.greet('a')
  const second = client(context)
  second.send(encodeHello({ collector: 'b', epoch: 'e', acked: 0 }))
  assert.is((await second.end()).code, codes.RESOURCE_EXHAUSTED)
  first.close()
  while (context.started.receiver.collectors > 0) await new Promise(resolve => setImmediate(resolve))
  await client(context).greet('b')
})

test('it ends in order: the batch under way is acknowledged, then the collector is told', async context => {
  let answer: (outcome: Outcome) => void = () => undefined
  context.started.next.answer = () => new Promise(resolve => { answer = resolve })
  const c = client(context)
  await c.greet('a')
  c.send(message(1, events(1, 1)))
  while (answer.length === 0) await new Promise(resolve => setImmediate(resolve))
  const stopped = context.started.stop()
  assert.is((await c.end()).code, codes.UNAVAILABLE)
  answer({ status: 'accepted' })
  await stopped
  context.started = await startReceiver({ state_file: join(context.folder, 'state') })
  assert.is((await client(context).greet('a')).taken, 1)
})

test.run()
