/** The exporter against the real receiver, on loopback: delivery, cutting, lost connections, restarts, TLS. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { accepted, rejected } from '../../core/component/outcome.js'
import type { EventBatch } from '../../core/data/batch.js'
import { BatchBuilder } from '../../core/data/builder.js'
import { randomBatch } from '../../core/data/testing/random-batch.js'
import { seeded } from '../../core/data/testing/random.js'
import { encodeBatch } from '../../core/data/codec.js'
import { TestAuthority } from '../../core/net/testing/certificates.js'
import { startReceiver, type StartedReceiver } from '../../receivers/tapio/start-for-test.js'
import { targetOf } from './dial.js'
import { startExporter, type StartedExporter } from './start-for-test.js'

/** Pauses of the exporter do not keep a process alive; a test that only waits for them would end early. */
let alive: NodeJS.Timeout
interface Context { folder: string, receivers: StartedReceiver[], exporters: StartedExporter[] }
const test = suite<Context>('tapio exporter')

test.before(() => { alive = setInterval(() => undefined, 60_000) })
test.after(() => clearInterval(alive))
test.before.each(context => { Object.assign(context, { folder: mkdtempSync(join(tmpdir(), 'tapio-wire-')), receivers: [], exporters: [] }) })
test.after.each(async ({ exporters, receivers, folder }) => {
  for (const exporter of exporters) await exporter.stop(0)
  for (const receiver of receivers) await receiver.stop()
  rmSync(folder, { recursive: true })
})

async function pair (context: Context, server: object = {}, collector: object = {}): Promise<{ server: StartedReceiver, collector: StartedExporter }> {
  const started = await startReceiver(server)
  context.receivers.push(started)
  const exporter = startExporter({ endpoint: started.endpoint, ...collector })
  context.exporters.push(exporter)
  return { server: started, collector: exporter }
}

function messages (from: number, rows: number, padding = ''): EventBatch {
  const builder = new BatchBuilder(rows)
  for (let row = 0; row < rows; row++) builder.append({ message: `${from + row}${padding}` })
  return builder.finish()
}

const delivered = ({ next }: StartedReceiver): string[] => next.batches.flatMap(b => Array.from(b, row => row.get('message') ?? ''))
const numbers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => String(from + i))

/** A way to a server that can be cut at any time, as a network can. */
async function cuttable (port: () => number): Promise<{ endpoint: string, cut: () => void, close: () => void }> {
  const sockets = new Set<Socket>()
  const server: Server = createServer(inward => {
    const outward = connect(port(), '127.0.0.1')
    for (const socket of [inward, outward]) sockets.add(socket.on('error', () => undefined).on('close', () => { sockets.delete(socket); inward.destroy(); outward.destroy() }))
    inward.pipe(outward).pipe(inward)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const cut = (): void => { for (const socket of sockets) socket.destroy() }
  return { endpoint: `127.0.0.1:${(server.address() as { port: number }).port}`, cut, close: () => { server.close(); cut() } }
}

test('batches arrive as they were, columns and raw records', async context => {
  const { server, collector } = await pair(context)
  const random = seeded(21)
  const sent = Array.from({ length: 20 }, () => randomBatch(random, 1 + random.below(40), { raw: true }))
  for (const batch of sent) assert.equal(await collector.exporter.consume(batch), accepted)
  assert.equal(server.next.batches.map(b => encodeBatch(b).toString('base64')), sent.map(b => encodeBatch(b).toString('base64')))
  assert.equal(collector.status.events, ['ok'])
})

test('many at once arrive in order', async context => {
  const { server, collector } = await pair(context, {}, { max_unacknowledged: 4 })
  const outcomes = await Promise.all(Array.from({ length: 100 }, (_, i) => collector.exporter.consume(messages(i * 3, 3))))
  assert.ok(outcomes.every(o => o.status === 'accepted'))
  assert.equal(delivered(server), numbers(0, 300))
})

test('what the server takes no larger is cut, and rejected rows are named as the sender knows them', async context => {
  const { server, collector } = await pair(context, { max_batch_size: 64 * 1024, remembered_events: 1024 }, { max_unacknowledged: 2 })
  server.next.answer = batch => {
    const rows = Uint32Array.from(Array.from(batch, (row, i) => /^(700|20)x/.test(row.get('message') ?? '') ? i : -1).filter(i => i >= 0))
    return rows.length === 0 ? accepted : rejected('unwanted', rows.length, rows)
  }
  const outcome = await collector.exporter.consume(messages(0, 1000, 'x'.repeat(200)))
  assert.equal(outcome, rejected('unwanted', 2, Uint32Array.of(20, 700)))
  assert.equal(delivered(server).map(m => m.replace(/x+/, '')), numbers(0, 1000))
  assert.ok(server.next.batches.every(b => b.count <= 256))
  assert.equal(await collector.exporter.consume(messages(0, 1, 'x'.repeat(100_000))), rejected('one event is larger than the 65536 bytes that the server takes; raise max_batch_size on both sides', 1))
  assert.is(collector.drops.get('record_too_large'), 1)
})

/** Guarantees: rows without ids, too: sequences alone tell what the server has. */
test('a connection cut at random loses and doubles nothing', async context => {
  const { server } = await pair(context)
  const way = await cuttable(() => server.receiver.port)
  const collector = startExporter({ endpoint: way.endpoint })
  context.exporters.push(collector)
  const random = seeded(4)
  let done = 0
  server.next.answer = async () => {
    if (random.chance(0.1)) way.cut()
    await new Promise(resolve => setImmediate(resolve))
    return accepted
  }
  const outcomes = await Promise.all(Array.from({ length: 300 }, async (_, i) => {
    const outcome = await collector.exporter.consume(messages(i * 2, 2))
    done++
    return outcome
  }))
  way.close()
  assert.is(done, 300)
  assert.ok(outcomes.every(o => o.status === 'accepted'))
  assert.equal(delivered(server), numbers(0, 600))
  assert.ok((collector.meter.values.get('tapio_exporter_connections{outcome="welcomed"}') ?? 0) > 5, 'the way was cut several times')
})

test('a server that comes back somewhere else in its life is sent only what it has not', async context => {
  const state = join(context.folder, 'state')
  let server = await startReceiver({ state_file: state })
  const way = await cuttable(() => server.receiver.port)
  const collector = startExporter({ endpoint: way.endpoint })
  context.exporters.push(collector)
  const got: string[] = []
  for (let i = 0; i < 5; i++) {
    const sending = Promise.all(Array.from({ length: 20 }, (_, k) => collector.exporter.consume(messages(i * 20 + k, 1))))
    await server.next.received(5)
    await server.stop()
    way.cut()
    got.push(...delivered(server))
    server = await startReceiver({ state_file: state })
    await sending
  }
  context.receivers.push(server)
  got.push(...delivered(server))
  way.close()
  assert.equal([...got].sort((a, b) => Number(a) - Number(b)), numbers(0, 100))
})

test('a server that is away: batches wait, or go back after max_elapsed_time', async context => {
  const collector = startExporter({ endpoint: '127.0.0.1:1', max_elapsed_time: 30 })
  context.exporters.push(collector)
  const outcome = await collector.exporter.consume(messages(0, 1))
  assert.is(outcome.status, 'retry')
  assert.match(collector.status.events[0] ?? '', /^recoverable: /)
  const patient = startExporter({ endpoint: '127.0.0.1:1' })
  const waiting = patient.exporter.consume(messages(0, 1))
  await patient.stop(50)
  assert.is((await waiting).status, 'retry')
  assert.is((await patient.exporter.consume(messages(0, 1))).status, 'refused')
})

test('over TLS with a client certificate and a token; a wrong authority is not talked to', async context => {
  const authority = await TestAuthority.create(context.folder)
  const stranger = await TestAuthority.create(context.folder, 'stranger')
  const [own, other] = [await authority.issue('server'), await authority.issue('client')]
  const token = join(context.folder, 'token')
  writeFileSync(token, 'secret\n')
  const tls = { cert_file: own.certFile, key_file: own.keyFile, client_ca_file: authority.caFile, min_version: '1.2', reload_interval: 10_000 }
  const mine = { ca_file: authority.caFile, cert_file: other.certFile, key_file: other.keyFile }
  const { server, collector } = await pair(context, { tls, auth: { bearer_tokens: ['secret'], basic: {}, reload_interval: 10_000 } }, { tls: mine, auth: { bearer_token_file: token } })
  assert.equal(await collector.exporter.consume(messages(0, 3)), accepted)
  assert.equal(delivered(server), numbers(0, 3))
  for (const [wrong, words] of [[{ ...mine, ca_file: stranger.caFile }, /certificate|issuer/], [{ ca_file: authority.caFile }, /certificate|closed|reset|connection/i]] as const) {
    const refusedOne = startExporter({ endpoint: server.endpoint, tls: wrong, auth: { bearer_token_file: token }, max_elapsed_time: 100 })
    context.exporters.push(refusedOne)
    const outcome = await refusedOne.exporter.consume(messages(9, 1))
    assert.is(outcome.status, 'retry')
    assert.match(outcome.status === 'retry' ? outcome.reason : '', /cannot be reached/)
    assert.match(refusedOne.status.events.join(), words)
  }
  assert.equal(delivered(server), numbers(0, 3))
})

for (const [endpoint, tls, secure] of [
  ['127.0.0.1:9090', {}, false], ['localhost:9090', {}, false], ['[::1]:9090', {}, false], ['unix:///run/tapio.sock', {}, false],
  ['127.0.0.1:9090', { ca_file: 'x' }, true], ['https://localhost:9090', {}, true], ['tapio.example.com:9090', {}, true],
  ['tapio.example.com:9090', { insecure: true }, false], ['http://tapio.example.com:9090', {}, false], ['127.0.0.1.example.com:9090', {}, true]
] as const) {
  test(`${endpoint} with ${JSON.stringify(tls)} is ${secure ? 'TLS' : 'plain text'}`, () => {
    assert.is(targetOf({ endpoint, tls: { insecure: false, insecure_skip_verify: false, min_version: '1.2', reload_interval: 1, ...tls } }).secure, secure)
  })
}

test.run()
