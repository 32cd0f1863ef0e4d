/**
 * The store: how fast it takes events, what one costs on disk, how long each kind of question takes. `npm run bench -- store`: 1M events
 * (TAPIO_BENCH_EVENTS=10000000 for the long form), spans of events.ts in traces of 8, 5% errors, 1% with one of 2000 symptoms of 20 signs,
 * each with an id of its own, in batches of 1000, 16 of them under way. TAPIO_BENCH_STORE=DIRECTORY keeps the store there, and asks one that
 * is there already without writing it again; TAPIO_BENCH_RUNS=60 asks each question so often instead of 200 times.
 *
 * First what a fat object an event would cost instead of blocks: the same events as msgpack records in LMDB with its LZ4, with one key
 * an event for time, trace, entity and id.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { Packr } from 'msgpackr'
import type { EventBatch } from '../../core/data/batch.js'
import { BatchBuilder, type EventInput } from '../../core/data/builder.js'
import { EventIds } from '../../core/data/ids.js'
import { seeded } from '../../core/data/testing/random.js'
import { eventToken, incidentToken } from '../../core/store/feed-token.js'
import { openStore, type SyncPolicy } from '../../core/store/open.js'
import type { Store, StoreReader } from '../../core/store/store.js'
import { randomIncident, randomLink } from '../../core/store/testing/random-incident.js'
import { syntheticEvents } from './events.js'
import { printMachine, printTable, rate, type Report } from './report.js'

const events = Number(process.env.TAPIO_BENCH_EVENTS ?? 1_000_000)
const questionRuns = Number(process.env.TAPIO_BENCH_RUNS ?? 200)
const batchRows = 1000
const underWay = 16
const templates = 64
const comparedEvents = 100_000
const incidents = 2000
const links = 10_000
const signs = Array.from({ length: 20 }, (_, i) => `bench.sign_${i}`)
const startNano = 1_767_225_600_000_000_000n
const stepNano = 1_000_000n

export async function run (report: Report): Promise<void> {
  report(`# store: ${events} events, load ${loadavg()[0]?.toFixed(1)} before`)
  printMachine(report)
  const kept = process.env.TAPIO_BENCH_STORE
  const directory = kept ?? await mkdtemp(join(tmpdir(), 'tapio-store-bench-'))
  try {
    if (!existsSync(join(directory, 'tables.mdb'))) {
      await compare(report)
      await bounded(report)
      await ingest(report, directory, 'disk')
    }
    const reader = await openStore(directory, { readOnly: true })
    await questions(report, reader)
    await reader.close()
    await reopened(report, directory)
  } finally {
    if (kept === undefined) await rm(directory, { recursive: true })
  }
  report(`load ${loadavg()[0]?.toFixed(1)} after`)
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
    const firstSign = template.strings.length
    const symptom = new Uint32Array(batchRows)
    const [id, traceId, symptomId, time] = [new Uint8Array(batchRows * 16), new Uint8Array(batchRows * 16), new Uint8Array(batchRows * 16), new BigUint64Array(batchRows)]
    this.#ids.fill(id, 0, batchRows)
    for (let row = 0; row < batchRows; row++) {
      const n = serial * batchRows + row
      time[row] = startNano + BigInt(n) * stepNano
      traceId.set(traceOf(n), row * 16)
      if (n % 100 !== 0) continue
      symptomId.set(idBytes(n / 100 % 2000 + 1), row * 16)
      symptom[row] = firstSign + n / 100 % signs.length
    }
    return template.withColumns({ id, timeUnixNano: time, traceId, symptomId, symptom }, template.strings.append(signs))
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
  const store = await openStore(directory, { sync, maxBytes: 2 ** 40, maxAgeMs: 0, maxPendingBytes: 64 << 20 })
  const { perSecond, cpuUs, tookMs, peak } = await append(store, events)
  await documents(store)
  const { bytes, blocks, partitions } = await store.stats()
  printTable(report, [
    ['', 'events/s', 'CPU us/event', 'append p50 (ms)', 'p99', 'bytes/event', 'blocks', 'partitions', 'peak RSS (MiB)', 'peak heap'],
    [`ingest, sync: ${sync}`, rate(perSecond), cpuUs.toFixed(2), at(tookMs, 0.5), at(tookMs, 0.99), (bytes / events).toFixed(1), String(blocks), String(partitions), mebibytes(peak.rss), mebibytes(peak.heap)]
  ])
  await store.close()
}

/** The oldest go while it is written. */
async function bounded (report: Report): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-store-bench-'))
  const maxBytes = 32 << 20
  const store = await openStore(directory, { sync: 'disk', maxBytes, maxAgeMs: 0, maxPendingBytes: 64 << 20 })
  const written = Math.min(events, comparedEvents * 10)
  let most = 0
  const { perSecond, tookMs } = await append(store, written, async () => { most = Math.max(most, (await store.stats()).bytes) })
  const kept = (await store.stats()).events
  report(`bounded to ${mebibytes(maxBytes)} MiB: ${written} events at ${rate(perSecond)}/s, append p99 ${at(tookMs, 0.99)} ms, ${kept} kept, ${mebibytes(most)} MiB at most`)
  await store.close()
  await rm(directory, { recursive: true })
}

interface Appended { readonly perSecond: number, readonly cpuUs: number, readonly tookMs: readonly number[], readonly peak: { rss: number, heap: number } }

/** Time and CPU without those of making the batches. */
async function append (store: Store, count: number, look: () => Promise<void> = () => Promise.resolve()): Promise<Appended> {
  const source = new Source()
  const [startedMs, cpu] = [performance.now(), process.cpuUsage()]
  const [tookMs, peak] = [[] as number[], { rss: 0, heap: 0 }]
  let [next, makingMs] = [0, 0]
  const lane = async (): Promise<void> => {
    for (let serial = next++; serial * batchRows < count; serial = next++) {
      const before = performance.now()
      const batch = source.batch(serial)
      const made = performance.now()
      makingMs += made - before
      const result = await store.append(batch)
      tookMs.push(performance.now() - made)
      if (result.status !== 'stored' || result.duplicates > 0) throw new Error(JSON.stringify(result))
      if (serial % 100 !== 0) continue
      const { rss, heapUsed } = process.memoryUsage()
      Object.assign(peak, { rss: Math.max(peak.rss, rss), heap: Math.max(peak.heap, heapUsed) })
      await look()
    }
  }
  await Promise.all(Array.from({ length: underWay }, lane))
  const seconds = (performance.now() - startedMs - makingMs) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { perSecond: count / seconds, cpuUs: ((user + system) / 1000 - makingMs) * 1000 / count, tookMs, peak }
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0)

function at (tookMs: readonly number[], share: number): string {
  const sorted = [...tookMs].sort((a, b) => a - b)
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number).toFixed(2)
}

async function documents (store: Store): Promise<void> {
  const random = seeded(1)
  const made = Array.from({ length: incidents }, (_, i) => ({ ...randomIncident(random), id: i.toString(16).padStart(16, '0') }))
  await Promise.all(made.map(incident => store.putIncident(incident)))
  const symptoms = made.flatMap(i => i.chain.map(s => s.id))
  await Promise.all(Array.from({ length: links }, () => store.putLink(randomLink(random, symptoms))))
}

type Question = [what: string, ask: () => Promise<number>, runs?: number]

async function questions (report: Report, store: StoreReader): Promise<void> {
  const ids = (await store.events({}, { limit: 1000 })).events
  const rows = [['question', 'p50 (ms)', 'p99 (ms)', 'found on average']]
  for (const [what, ask, runs = questionRuns] of [...ofEvents(store, ids), ...ofIncidents(store), ...ofFeeds(store), ...ofCounts(store)]) rows.push([what, ...await times(ask, runs)])
  printTable(report, rows)
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage()
  report(`after all questions: RSS ${mebibytes(rss)} MiB (mapped file pages included), heap ${mebibytes(heapUsed)} MiB, buffers ${mebibytes(arrayBuffers)} MiB`)
}

const random = seeded(2)
const some = (): number => random.below(events)
const msOf = (n: number): number => Number(startNano / 1_000_000n) + n * Number(stepNano) / 1e6
const someMs = (): number => msOf(some())
const endMs = msOf(events)
const someEntity = (): { kind: string, name: string } => { const pod = random.below(500); return { kind: 'Pod', name: `checkout-${pod % 50}-${pod}` } }
const someIncident = (): string => random.below(incidents).toString(16).padStart(16, '0')

function ofEvents (store: StoreReader, ids: EventBatch): Question[] {
  const page = async (...asked: Parameters<StoreReader['events']>): Promise<number> => (await store.events(...asked)).events.count
  return [
    ['newest 100', () => page({})],
    ['100 from a time on', () => page({ sinceMs: someMs() }, { order: 'oldest' })],
    ['one trace', () => page({ traceId: traceOf(some()).toString('hex') })],
    ['newest 100 of a pod', () => page({ entity: someEntity() })],
    ['100 of a pod before a time', () => page({ entity: someEntity(), untilMs: someMs() })],
    ['newest 100 errors', () => page({ minSeverity: 17 })],
    ['100 errors of a pod', () => page({ entity: someEntity(), minSeverity: 17 })],
    ['one symptom, 100', () => page({ symptomId: idBytes(1 + random.below(2000)).toString('hex') })],
    ['newest 100 of a sign', () => page({ symptoms: [random.pick(signs)] })],
    ['newest 100 of a name', () => page({ names: [`GET /api/v1/resource-${random.below(40)}/{id}`] })],
    ['a name nobody has', () => page({ names: ['nobody'] }), 50],
    ['newest 100 with a text', () => page({ text: `resource-${random.below(40)}/` })],
    ['a text nobody has, in 100k events', () => { const sinceMs = someMs(); return page({ text: 'nobody', sinceMs, untilMs: sinceMs + 100_000 }) }, 20],
    ['event by id', async () => (await store.event(ids.at(random.below(ids.count)).get('id') as string))?.count ?? 0]
  ]
}

function ofIncidents (store: StoreReader): Question[] {
  return [
    ['newest 100 incidents', async () => (await store.incidents({})).incidents.length],
    ['open incidents of an entity', async () => (await store.incidents({ status: 'open', entity: { name: 'cart' } })).incidents.length],
    ['incident by id', async () => (await store.incident(someIncident()))?.events ?? 0],
    ['links of an incident', async () => (await store.links({ incident: someIncident() })).links.length]
  ]
}

/** Places in the first partition: how far it goes depends on its size. */
function ofFeeds (store: StoreReader): Question[] {
  const after = (): string => eventToken({ partition: 1, event: random.below(Math.min(events, 1_000_000)) })
  const feed = async (...asked: Parameters<StoreReader['eventFeed']>): Promise<number> => (await store.eventFeed(...asked)).events.count
  const nothing = new AbortController().signal
  return [
    ['feed: next 1000', () => feed({}, { after: after() })],
    ['feed: next errors of a pod, in 64 blocks', () => feed({ entity: someEntity(), minSeverity: 17 }, { after: after() })],
    ['feed: from now on', () => feed({}, {})],
    ['feed: next 100 incidents', async () => (await store.incidentFeed({}, { after: incidentToken(random.below(incidents)), limit: 100 })).incidents.length],
    ['nothing changed (no wait)', async () => { await store.changed(0, nothing); return 0 }]
  ]
}

function ofCounts (store: StoreReader): Question[] {
  const count = async (...[query, options]: Parameters<StoreReader['statistics']>): Promise<number> => (await store.statistics(query, options)).total
  return [
    ['statistics of the newest 100k events', () => count({ sinceMs: endMs - 100_000 }, { bucketMs: 0 }), 20],
    ['statistics of the newest 10k errors', () => count({ minSeverity: 17 }, { bucketMs: 0, maxEvents: 10_000 }), 20],
    ['statistics of the newest 1M events', () => count({}, { bucketMs: 0 }), 5],
    ['stats', async () => (await store.stats()).blocks]
  ]
}

async function times (ask: () => Promise<number>, runs: number): Promise<string[]> {
  let found = 0
  const tookMs: number[] = []
  for (let i = 0; i < runs; i++) {
    const startedMs = performance.now()
    found += await ask()
    tookMs.push(performance.now() - startedMs)
  }
  return [at(tookMs, 0.5), at(tookMs, 0.99), (found / runs).toFixed(1)]
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
