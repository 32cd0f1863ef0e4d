/**
 * Scenario: `tapio collect` sends to a server over mutual TLS, while either side is killed (SIGKILL) at random moments, also
 * while it starts. The source saves its cursor after each acknowledgement; the server keeps a state file and delivers to a store that
 * knows event ids.
 * Guarantees: every event is stored, once. What the store had to recognise is at most one batch a kill of the server: the one
 * between the store's write and the line in the state file. A durable server with a queue on disk answers from the queue, and what it had
 * delivered and not noted comes to the store again, too.
 * Does not show: power cuts (`fsync`), and destinations that do not know ids: there that one batch is doubled.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../../core/data/testing/random.js'
import { TestAuthority } from '../../core/net/testing/certificates.js'
import { eventually } from './delivery/scene.js'
import { Supervised } from './supervised.js'

const long = process.env['TAPIO_TEST_LONG'] === '1'
const batchRows = 200

interface Context { folder: string, running: Supervised[] }
const test = suite<Context>('wire under kills')

test.before.each(context => { Object.assign(context, { folder: mkdtempSync(join(tmpdir(), 'tapio-faults-')), running: [] }) })
test.after.each(({ folder, running }) => {
  for (const process of running) process.destroy()
  rmSync(folder, { recursive: true, force: true })
})

interface Pair { readonly server: Supervised, readonly collector: Supervised, readonly store: string, serverArgs(store?: object): string[] }

/** Below the range from which the system gives ports to clients: it must be free again after each kill. */
async function freePort (random: { below(n: number): number }): Promise<number> {
  for (;;) {
    const port = 20_000 + random.below(10_000)
    const free = await new Promise<boolean>(resolve => {
      const probe = createServer().once('error', () => resolve(false)).listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
    })
    if (free) return port
  }
}

async function start (context: Context, rows: number, store: object = {}, durable = false): Promise<Pair> {
  const { folder } = context
  const authority = await TestAuthority.create(folder)
  const [own, other] = [await authority.issue('server'), await authority.issue('collector')]
  const endpoint = `127.0.0.1:${await freePort({ below: n => Math.floor(Math.random() * n) })}`
  const path = join(folder, 'store')
  const telemetry = { metrics: { endpoint: '127.0.0.1:0' }, logs: { format: 'json' } }
  const serverArgs = (more: object = {}): string[] => ['--config', `yaml:${stringify({
    receivers: { tapio: { endpoint, state_file: join(folder, 'state'), tls: { cert_file: own.certFile, key_file: own.keyFile, client_ca_file: authority.caFile } } },
    exporters: { id_store: { path, ...more, ...(durable && { sending_queue: { enabled: true, directory: join(folder, 'queue'), fsync: 'never', num_consumers: 4 } }) } },
    service: { telemetry, pipelines: { main: { receivers: ['tapio'], exporters: ['id_store'], durable } } }
  })}`]
  const options = join(folder, 'collector.yaml')
  writeFileSync(options, stringify({
    receivers: { cursor_source: { cursor: join(folder, 'cursor'), rows, batch_rows: batchRows } },
    exporters: { tapio: { reconnect: { initial_interval: '20ms', max_interval: '200ms' } } },
    service: { telemetry: { logs: { format: 'json' } } }
  }))
  const server = new Supervised('the server', serverArgs(store))
  const collector = new Supervised('the collector', ['collect', 'cursor_source', '--server', endpoint, '--config', options, '--tls-ca', authority.caFile, '--tls-cert', other.certFile, '--tls-key', other.keyFile])
  context.running.push(server, collector)
  return { server, collector, store: path, serverArgs }
}

/** Both end in order once everything is sent; `rows`: and once all of them have come out of the queue of the server. */
async function finish ({ server, collector, store }: Pair, rows?: number): Promise<void> {
  await Promise.race([collector.ended, server.ended.then(() => { throw new Error('the server ended before the collector') })])
  if (rows !== undefined) await eventually('the store has every event', () => storedIn(store), stored => stored >= rows, 300_000)
  await server.terminate()
  await server.ended
}

const sizeOf = (path: string): number => existsSync(path) ? statSync(path).size : 0

/** Resolves when the store has grown by so many bytes; rejects when a side has ended by itself. */
async function grown (pair: Pair, bytes: number): Promise<void> {
  const until = sizeOf(pair.store) + bytes
  let failure: Error | undefined
  for (const side of [pair.server, pair.collector]) side.ended.then(() => { failure = new Error(`${side.name} has ended before it was killed often enough`) }, (error: Error) => { failure = error })
  while (sizeOf(pair.store) < until) {
    if (failure !== undefined) throw failure
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}

function storedIn (path: string): number {
  return readFileSync(path, 'latin1').split('\n').filter(line => line !== '' && !line.startsWith('=')).length
}

/** Each stored once: what the store had to recognise. */
function checkStore (path: string, rows: number): number[] {
  const lines = readFileSync(path, 'latin1').split('\n').filter(line => line !== '')
  const repeated = lines.filter(line => line.startsWith('=')).map(line => Number(line.slice(1)))
  const stored = lines.filter(line => !line.startsWith('=')).map(Number).sort((a, b) => a - b)
  assert.is(stored.length, rows)
  assert.ok(stored.every((n, i) => n === i), 'every event once')
  return repeated
}

const kills = long ? 50 : 6
const rowsAKill = 20_000

test(`either side killed ${kills} times at random under load: nothing lost, nothing doubled`, async context => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const random = seeded(seed)
  const rows = kills * rowsAKill
  const pair = await start(context, rows, { retry_every: 97 })
  for (let i = 0; i < kills; i++) {
    // Some kills meet a side that has just begun; a line is about 6 bytes.
    await grown(pair, random.chance(0.2) ? 1 : 1000 + random.below(60_000))
    if (random.chance(0.3)) await new Promise(resolve => setTimeout(resolve, random.below(400)))
    await (random.chance(0.5) ? pair.server : pair.collector).kill()
  }
  await finish(pair)
  const repeated = checkStore(pair.store, rows)
  console.log(`REPORT seed ${seed}: ${rows} events, ${pair.server.kills} kills of the server, ${pair.collector.kills} of the collector; the store recognised ${repeated.length} events`)
  assert.is(pair.server.kills + pair.collector.kills, kills, `seed ${seed}`)
  assert.ok(repeated.length <= pair.server.kills * batchRows, `seed ${seed}: ${repeated.length} events came again after ${pair.server.kills} kills of the server`)
})

const durableKills = long ? 50 : 2

test(`a durable server with a queue on disk, either side killed ${durableKills} times at random: nothing lost, each stored once`, async context => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const random = seeded(seed)
  const rows = durableKills * rowsAKill
  const pair = await start(context, rows, { retry_every: 97 }, true)
  for (let i = 0; i < durableKills; i++) {
    await grown(pair, random.chance(0.2) ? 1 : 1000 + random.below(60_000))
    await (random.chance(0.6) ? pair.server : pair.collector).kill()
  }
  await finish(pair, rows)
  console.log(`REPORT durable server, seed ${seed}: ${rows} events, ${pair.server.kills} kills of the server, ${pair.collector.kills} of the collector; the store recognised ${checkStore(pair.store, rows).length} events`)
})

test('the collector alone killed: the store has nothing to recognise', async context => {
  const rows = 4 * rowsAKill
  const pair = await start(context, rows)
  for (let i = 0; i < 3; i++) {
    await grown(pair, 20_000)
    await pair.collector.kill()
  }
  await finish(pair)
  assert.equal(checkStore(pair.store, rows), [])
})

test('the server killed between the store\'s write and its own line: that batch comes again, with the same ids', async context => {
  const rows = 5000
  const pair = await start(context, rows, { die_at: 7 })
  pair.server.expectDeath(pair.serverArgs())
  await finish(pair)
  assert.is(pair.server.kills, 1)
  assert.equal(checkStore(pair.store, rows), Array.from({ length: batchRows }, (_, i) => 6 * batchRows + i))
})

test.run()
