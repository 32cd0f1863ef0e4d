/**
 * The store: how fast it takes events, what one costs on disk, how long each kind of question takes. `npm run bench -- store`: 1M events
 * (TAPIO_BENCH_EVENTS=10000000 for the long form), spans of events.ts in traces of 8, 5% errors, 1% with one of 2000 symptoms, each
 * with an id of its own, in batches of 1000, 16 of them under way.
 *
 * First what a fat object an event would cost instead of blocks: the same events as msgpack records in LMDB with its LZ4, with one key
 * an event for time, trace, entity and id.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { Packr } from 'msgpackr'
import type { EventBatch } from '../../core/data/batch.js'
import { BatchBuilder, type EventInput } from '../../core/data/builder.js'
import { EventIds } from '../../core/data/ids.js'
import { seeded } from '../../core/data/testing/random.js'
import { openStore, type SyncPolicy } from '../../core/store/open.js'
import type { Store, StoreReader } from '../../core/store/store.js'
import { randomIncident, randomLink } from '../../core/store/testing/random-incident.js'
import { syntheticEvents } from './events.js'
import { printMachine, printTable, rate, type Report } from './report.js'

const events = Number(process.env.TAPIO_BENCH_EVENTS ?? 1_000_000)
const batchRows = 1000
const underWay = 16
const templates = 64
const comparedEvents = 100_000
const incidents = 2000
const links = 10_000
const startNano = 1_767_225_600_000_000_000n
const stepNano = 1_000_000n

export async function run (report: Report): Promise<void> {
  report(`# store: ${events} events`)
  printMachine(report)
  await compare(report)
  const directory = await mkdtemp(join(tmpdir(), 'tapio-store-bench-'))
  try {
    await ingest(report, directory, 'disk')
    const reader = await openStore(directory, { readOnly: true })
    await questions(report, reader)
    await reader.close()
    await reopened(report, directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** Batches like those of a pipeline: what differs from one to the next is time, ids, traces and symptoms. */
class Source {
  readonly #batches: EventBatch[]
  readonly #ids = new EventIds(new Uint8Array(8).fill(7))

  constructor () {
    const all = syntheticEvents(templates * batchRows)
    this.#batches = Array.from({ length: templates }, (_, t) => {
      const builder = new BatchBuilder(batchRows)
      for (const event of all.slice(t * batchRows, (t + 1) * batchRows)) builder.append(event)
      return builder.finish()
    })
  }

  batch (serial: number): EventBatch {
    const template = this.#batches[serial % templates] as EventBatch
    const [id, traceId, symptomId, time] = [new Uint8Array(batchRows * 16), new Uint8Array(batchRows * 16), new Uint8Array(batchRows * 16), new BigUint64Array(batchRows)]
    this.#ids.fill(id, 0, batchRows)
    for (let row = 0; row < batchRows; row++) {
      const n = serial * batchRows + row
      time[row] = startNano + BigInt(n) * stepNano
      traceId.set(traceOf(n), row * 16)
      if (n % 100 === 0) symptomId.set(idBytes(n / 100 % 2000 + 1), row * 16)
    }
    return template.withColumn('id', id).withColumn('timeUnixNano', time).withColumn('traceId', traceId).withColumn('symptomId', symptomId)
  }
}

/** Random-looking, so that traces do not sort by time. */
function idBytes (n: number): Buffer {
  const bytes = Buffer.alloc(16)
  for (let i = 0; i < 4; i++) bytes.writeUInt32LE(Math.imul(n + i * 77, 0x9e3779b1 + i * 2) >>> 0, i * 4)
  return bytes
}

/** Spans of a trace come from several batches. */
const traceOf = (n: number): Buffer => idBytes((n >> 13 << 10 | n & 1023) + 1)

async function ingest (report: Report, directory: string, sync: SyncPolicy): Promise<void> {
  const source = new Source()
  const store = await openStore(directory, { sync, maxBytes: 2 ** 40, maxAgeMs: 0, maxPendingBytes: 64 << 20 })
  const [startedMs, cpu] = [performance.now(), process.cpuUsage()]
  let [next, peak, makingMs] = [0, 0, 0]
  const lane = async (): Promise<void> => {
    for (let serial = next++; serial * batchRows < events; serial = next++) {
      const before = performance.now()
      const batch = source.batch(serial)
      makingMs += performance.now() - before
      const result = await store.append(batch)
      if (result.status !== 'stored' || result.duplicates > 0) throw new Error(JSON.stringify(result))
      if (serial % 100 === 0) peak = Math.max(peak, process.memoryUsage().rss)
    }
  }
  await Promise.all(Array.from({ length: underWay }, lane))
  const seconds = (performance.now() - startedMs - makingMs) / 1000
  const { user, system } = process.cpuUsage(cpu)
  await documents(store)
  const { bytes, blocks, partitions } = await store.stats()
  printTable(report, [
    ['', 'events/s', 'CPU us/event', 'bytes/event', 'blocks', 'partitions', 'peak RSS (MiB)'],
    [`ingest, sync: ${sync}`, rate(events / seconds), (((user + system) / 1000 - makingMs) * 1000 / events).toFixed(2), (bytes / events).toFixed(1), String(blocks), String(partitions), (peak / 2 ** 20).toFixed(0)]
  ])
  await store.close()
}

async function documents (store: Store): Promise<void> {
  const random = seeded(1)
  const made = Array.from({ length: incidents }, (_, i) => ({ ...randomIncident(random), id: i.toString(16).padStart(16, '0') }))
  await Promise.all(made.map(incident => store.putIncident(incident)))
  const symptoms = made.flatMap(i => i.chain.map(s => s.id))
  await Promise.all(Array.from({ length: links }, () => store.putLink(randomLink(random, symptoms))))
}

async function questions (report: Report, store: StoreReader): Promise<void> {
  const random = seeded(2)
  const someMs = (): number => Number(startNano / 1_000_000n) + random.below(events) * Number(stepNano) / 1e6
  const some = (): number => random.below(events)
  const entity = (): { kind: string, name: string } => { const pod = random.below(500); return { kind: 'Pod', name: `checkout-${pod % 50}-${pod}` } }
  const ids = (await store.events({}, { limit: 1000 })).events
  const kinds: [string, () => Promise<number>][] = [
    ['newest 100', async () => (await store.events({})).events.count],
    ['100 from a time on', async () => (await store.events({ sinceMs: someMs() }, { order: 'oldest' })).events.count],
    ['one trace', async () => (await store.events({ traceId: traceOf(some()).toString('hex') })).events.count],
    ['newest 100 of a pod', async () => (await store.events({ entity: entity() })).events.count],
    ['100 of a pod before a time', async () => (await store.events({ entity: entity(), untilMs: someMs() })).events.count],
    ['newest 100 errors', async () => (await store.events({ minSeverity: 17 })).events.count],
    ['errors of a pod', async () => (await store.events({ entity: entity(), minSeverity: 17 })).events.count],
    ['one symptom, 100', async () => (await store.events({ symptomId: idBytes(1 + random.below(2000)).toString('hex') })).events.count],
    ['event by id', async () => (await store.event(ids.at(random.below(ids.count)).get('id') as string))?.count ?? 0],
    ['newest 100 incidents', async () => (await store.incidents({})).incidents.length],
    ['open incidents of an entity', async () => (await store.incidents({ status: 'open', entity: { name: 'cart' } })).incidents.length],
    ['incident by id', async () => (await store.incident(random.below(incidents).toString(16).padStart(16, '0')))?.events ?? 0],
    ['links of an incident', async () => (await store.links({ incident: random.below(incidents).toString(16).padStart(16, '0') })).links.length]
  ]
  const rows = [['question', 'p50 (ms)', 'p99 (ms)', 'found on average']]
  for (const [name, ask] of kinds) rows.push([name, ...await times(ask)])
  printTable(report, rows)
  report(`RSS after all questions: ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB (mapped file pages included), heap ${(process.memoryUsage().heapUsed / 2 ** 20).toFixed(0)} MiB`)
}

async function times (ask: () => Promise<number>): Promise<string[]> {
  const runs = 200
  let found = 0
  const tookMs: number[] = []
  for (let i = 0; i < runs; i++) {
    const startedMs = performance.now()
    found += await ask()
    tookMs.push(performance.now() - startedMs)
  }
  tookMs.sort((a, b) => a - b)
  return [(tookMs[runs >> 1] as number).toFixed(2), (tookMs[Math.floor(runs * 0.99)] as number).toFixed(2), (found / runs).toFixed(1)]
}

/** Deduplication across all partitions, and how long opening takes. */
async function reopened (report: Report, directory: string): Promise<void> {
  const startedMs = performance.now()
  const store = await openStore(directory, { maxBytes: 2 ** 40, maxAgeMs: 0 })
  const openMs = performance.now() - startedMs
  const source = new Source()
  const again = performance.now()
  const result = await store.append(source.batch(0))
  report(`opening took ${openMs.toFixed(0)} ms; the first batch once more: ${JSON.stringify(result)} in ${(performance.now() - again).toFixed(1)} ms`)
  await store.close()
}

async function compare (report: Report): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-store-bench-'))
  try {
    const objects = await asObjects(join(directory, 'objects.mdb'))
    const blocks = await asBlocks(join(directory, 'blocks'))
    printTable(report, [['way of storing', 'bytes/event', 'events/s'], ['a msgpack record an event, LZ4, four keys', objects.bytes.toFixed(0), rate(objects.perSecond)], ['blocks of columns, deflated, with terms', blocks.bytes.toFixed(0), rate(blocks.perSecond)]])
  } finally {
    await rm(directory, { recursive: true })
  }
}

async function asObjects (path: string): Promise<{ bytes: number, perSecond: number }> {
  const sample = syntheticEvents(batchRows * 8)
  const env = open<Buffer, Buffer>({ path, noSubdir: true, maxDbs: 8 })
  const packr = new Packr({ structures: [] })
  const values = env.openDB<Buffer, number>({ name: 'events', keyEncoding: 'uint32', encoding: 'binary', compression: true })
  const keys = env.openDB<Buffer, Buffer>({ name: 'keys', keyEncoding: 'binary', encoding: 'binary' })
  const startedMs = performance.now()
  for (let n = 0; n < comparedEvents; n += batchRows) {
    await env.batch(() => {
      for (let i = n; i < n + batchRows; i++) {
        const event: EventInput = { ...sample[i % sample.length] as EventInput, timeUnixNano: startNano + BigInt(i) * stepNano, traceId: traceOf(i).toString('hex'), id: idBytes(i).toString('hex') }
        values.put(i, packr.pack(event)).catch(() => undefined)
        for (const key of keysOf(event, i)) keys.put(key, none).catch(() => undefined)
      }
    })
  }
  await env.flushed
  const seconds = (performance.now() - startedMs) / 1000
  await env.close()
  return { bytes: (await stat(path)).size / comparedEvents, perSecond: comparedEvents / seconds }
}

const none = Buffer.alloc(0)

function keysOf (event: EventInput, serial: number): Buffer[] {
  const number = Buffer.alloc(4)
  number.writeUInt32BE(serial)
  const time = Buffer.alloc(8)
  time.writeBigUInt64BE(event.timeUnixNano as bigint)
  const parts = [time, Buffer.from(event.traceId as string, 'hex'), Buffer.from(event.entityName as string), Buffer.from(event.id as string, 'hex')]
  return parts.map((part, i) => Buffer.concat([Buffer.of(i), part, number]))
}

async function asBlocks (directory: string): Promise<{ bytes: number, perSecond: number }> {
  const source = new Source()
  const store = await openStore(directory, { sync: 'disk', maxBytes: 2 ** 40 })
  const startedMs = performance.now()
  let next = 0
  const lane = async (): Promise<void> => { for (let serial = next++; serial * batchRows < comparedEvents; serial = next++) await store.append(source.batch(serial)) }
  await Promise.all(Array.from({ length: underWay }, lane))
  const seconds = (performance.now() - startedMs) / 1000
  const { bytes } = await store.stats()
  await store.close()
  return { bytes: bytes / comparedEvents, perSecond: comparedEvents / seconds }
}
