/**
 * The wire reader against protobufjs's generated decoder: same columns for every random message, and the same verdict
 * (with the same columns when both accept) for every mutated one.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventBatch } from '../data/batch.js'
import { EventIds } from '../data/ids.js'
import type { EventRow } from '../data/row.js'
import { readExportRequest } from './reader.js'
import { otlpSignals, type OtlpSignal } from './signals.js'
import { mutate, randomMessage, usual } from './testing/messages.js'
import { big, hexOf, list, oracleDecode, oracleRecords, requestType, type Decoded } from './testing/oracle.js'
import { Random } from './testing/random.js'

const long = process.env['TAPIO_TEST_LONG'] === '1'
const arrival = 1_764_000_000_000_000_001n
const ids = new EventIds(new Uint8Array(8))

const read = (signal: OtlpSignal, bytes: Uint8Array): ReturnType<typeof readExportRequest> => readExportRequest(signal, bytes, { ids, observedTimeUnixNano: arrival })

type Cells = Record<string, unknown>

const smallEnum = (value: unknown, max: number): number => { const n = Number(value ?? 0); return n >= 0 && n <= max ? n : 0 }
const orUndefined = <T>(value: T, absent: T): T | undefined => value === absent ? undefined : value

function spanCells (span: Decoded): Cells {
  const start = big(span['startTimeUnixNano'])
  const end = big(span['endTimeUnixNano'])
  const status = (span['status'] ?? {}) as Decoded
  const code = smallEnum(status['code'], 255)
  return {
    severity: code === 2 ? 17 : 9,
    timeUnixNano: orUndefined(start, 0n),
    observedTimeUnixNano: arrival,
    durationNano: orUndefined(end > start ? end - start : 0n, 0n),
    name: orUndefined(String(span['name'] ?? ''), ''),
    traceId: hexOf(span['traceId']), spanId: hexOf(span['spanId']), parentSpanId: hexOf(span['parentSpanId']),
    traceFlags: orUndefined(Number(span['flags'] ?? 0) & 0xff, 0),
    spanKind: orUndefined(smallEnum(span['kind'], 255), 0),
    statusCode: orUndefined(code, 0),
    statusMessage: orUndefined(String(status['message'] ?? ''), '')
  }
}

function logCells (log: Decoded): Cells {
  const observed = big(log['observedTimeUnixNano']) || arrival
  return {
    severity: smallEnum(log['severityNumber'], 24),
    timeUnixNano: big(log['timeUnixNano']) || observed,
    observedTimeUnixNano: observed,
    name: orUndefined(String(log['eventName'] ?? ''), ''),
    traceId: hexOf(log['traceId']), spanId: hexOf(log['spanId']),
    traceFlags: orUndefined(Number(log['flags'] ?? 0) & 0xff, 0),
    message: stringBody(log['body'])
  }
}

/** Other bodies are compared in value-text.test.ts; a oneof set twice has no one answer in protobufjs's objects. */
function stringBody (body: unknown): string | undefined | typeof skipped {
  if (body === undefined || body === null) return undefined
  const members = Object.keys(body as object).filter(k => k !== '$unknowns')
  return members.length === 1 && members[0] === 'stringValue' ? orUndefined(String((body as Decoded)['stringValue']), '') : skipped
}

/**
 * Where protobufjs cannot see what the reader refuses: it skips an unknown varint of any length (protobuf allows ten
 * bytes), and of an id that is there twice it shows only the last.
 */
const unseenByOracle = /^varint longer than ten bytes|bytes, expected (8|16)$/

const skipped = Symbol('not compared')
const kinds = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary']

function metricCells (metric: Decoded): Cells {
  const present = kinds.filter(k => Object.hasOwn(metric, k) && metric[k] !== null)
  const kind = present[0]
  const points = kind === undefined ? [] : list(metric[kind] as Decoded, 'dataPoints')
  const times = points.map(p => big(p['timeUnixNano']))
  const common = { severity: 9, name: orUndefined(String(metric['name'] ?? ''), ''), metricUnit: orUndefined(String(metric['unit'] ?? ''), '') }
  // Two members of a oneof: protobufjs keeps both, so only what does not depend on it is compared.
  if (present.length > 1 || points.some(p => Object.hasOwn(p, 'asInt') && Object.hasOwn(p, 'asDouble'))) return common
  return {
    ...common,
    timeUnixNano: orUndefined(times.reduce((a, b) => a > b ? a : b, 0n), 0n),
    metricKind: orUndefined(kind === undefined ? 0 : kinds.indexOf(kind) + 1, 0),
    dataPointCount: orUndefined(points.length, 0),
    metricValue: orUndefined(points.map(valueOf).filter(v => v !== undefined).at(-1), undefined)
  }
}

/** Undefined when the point says nothing, so that the one before it counts. */
function valueOf (point: Decoded): number | undefined {
  if (Object.hasOwn(point, 'asInt')) return Number(big(point['asInt'], false))
  if (Object.hasOwn(point, 'asDouble')) return point['asDouble'] as number
  const count = Number(big(point['count']))
  const sum = Object.hasOwn(point, 'sum') ? point['sum'] as number : NaN
  return count > 0 && !Number.isNaN(sum) ? sum / count : undefined
}

const cellsOf = { traces: spanCells, logs: logCells, metrics: metricCells }

/** Every difference, '' when there is none. */
function compare (signal: OtlpSignal, batch: EventBatch, decoded: Decoded): string {
  if (signal === 'profiles') {
    const profiles = list(decoded, 'resourceProfiles').flatMap(r => list(r, 'scopeProfiles')).reduce((n, s) => n + list(s, 'profiles').length, 0)
    return (batch.columns.dataPointCount?.[0] ?? 0) === profiles ? '' : `profiles: ${batch.columns.dataPointCount?.[0]} instead of ${profiles}`
  }
  const records = oracleRecords(signal, decoded)
  if (records.length !== batch.count) return `${batch.count} rows instead of ${records.length}`
  return records.map(({ record, resource, scope }, i) => {
    const row = batch.at(i)
    return compareCells(row, cellsOf[signal](record)) || compareIdentity(row, resource, scope)
  }).find(d => d !== '') ?? ''
}

function compareCells (row: EventRow, expected: Cells): string {
  for (const [name, want] of Object.entries(expected)) {
    if (want === skipped) continue
    const got = row.get(name as 'name')
    // A NaN cell is an absent one.
    if (!Object.is(got, want) && !(got === undefined && Number.isNaN(want))) return `row ${row.row} ${name}: ${String(got)} instead of ${String(want)}`
  }
  return ''
}

function compareIdentity (row: EventRow, resource: Decoded, scope: Decoded): string {
  const keys = new Set(list((resource['resource'] ?? {}) as Decoded, 'attributes').map(a => String(a['key'] ?? '')))
  const got = new Set(Object.keys(row.resource.attributes))
  if (keys.size !== got.size || [...keys].some(k => !got.has(k))) return `resource of row ${row.row}: ${[...got].join()} instead of ${[...keys].join()}`
  const name = String(((scope['scope'] ?? {}) as Decoded)['name'] ?? '')
  return row.scope.name === name ? '' : `scope of row ${row.row}: ${row.scope.name} instead of ${name}`
}

for (const signal of otlpSignals) {
  test(`${signal}: random messages give the columns protobufjs sees`, () => {
    const runs = long ? 20_000 : 400
    let rows = 0
    for (let seed = 0; seed < runs; seed++) {
      const bytes = randomMessage(new Random(seed), requestType(signal), { ...usual, density: 0.3 + 0.1 * (seed % 7) })
      const result = read(signal, bytes)
      const decoded = oracleDecode(signal, bytes)
      if (!result.ok || decoded === undefined) assert.unreachable(`seed ${seed}: ${result.ok ? 'only protobufjs refuses' : result.error}`)
      else {
        assert.is(compare(signal, result.batch, decoded), '', `seed ${seed}`)
        rows += result.batch.count
      }
    }
    assert.ok(rows > runs / 4, `${rows} rows`)
  })

  test(`${signal}: mutated messages are refused by both or read the same by both`, () => {
    const runs = long ? 260_000 : 4000
    let refused = 0
    let unseen = 0
    for (let seed = 0; seed < runs; seed++) {
      const rnd = new Random(seed ^ 0x5eed)
      const bytes = mutate(rnd, randomMessage(rnd, requestType(signal), { density: 0.4, depth: 8, unknown: true }))
      const result = read(signal, bytes)
      const decoded = oracleDecode(signal, bytes)
      if (!result.ok && decoded !== undefined && unseenByOracle.test(result.error)) { unseen++; continue }
      assert.is(result.ok, decoded !== undefined, `seed ${seed}: ${result.ok ? 'only protobufjs refuses' : result.error}\n${bytes.toString('hex').slice(0, 2000)}`)
      if (result.ok) assert.is(compare(signal, result.batch, decoded as Decoded), '', `seed ${seed}`)
      else refused++
    }
    assert.ok(unseen <= runs / 500, `${unseen} of ${runs} refused for what protobufjs does not see`)
    assert.ok(refused > runs / 20 && refused < runs, `${refused} of ${runs} refused`)
    if (long) console.log(`\nREPORT otlp reader, ${signal}: ${runs} mutated messages, ${refused} refused by both, the rest equal`)
  })
}

test('every prefix of a message is refused or is itself a message', () => {
  for (const signal of otlpSignals) {
    const bytes = randomMessage(new Random(7), requestType(signal), { density: 0.6, depth: 9, unknown: true }).subarray(0, 6000)
    for (let end = 1; end < bytes.length; end++) {
      const prefix = bytes.subarray(0, end)
      const result = read(signal, prefix)
      const decoded = oracleDecode(signal, prefix)
      assert.is(result.ok, decoded !== undefined, `${signal}, ${end} bytes`)
      if (result.ok) assert.is(compare(signal, result.batch, decoded as Decoded), '', `${signal}, ${end} bytes`)
    }
  }
})

test('random bytes never throw', () => {
  for (let seed = 0; seed < (long ? 1_000_000 : 20_000); seed++) {
    const rnd = new Random(seed)
    const bytes = rnd.bytes(rnd.below(80))
    for (const signal of otlpSignals) read(signal, bytes)
  }
})

test.run()
