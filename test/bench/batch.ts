/**
 * Batches beside rows: what it costs to encode and decode events as columns, as msgpackr records and as JSON, in one run
 * over the same events. `node dist/test/bench/batch.js`; about 20 s of CPU.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Packr } from 'msgpackr'
import type { EventBatch } from '../../core/data/batch.js'
import { BatchBuilder, type EventInput } from '../../core/data/builder.js'
import { encodeBatch } from '../../core/data/codec.js'
import { decodeBatch } from '../../core/data/decode.js'
import { syntheticEvents } from './events.js'
import { printMachine, printTable, rate, secondsPerCall, type Report } from './report.js'

const sizes = [16, 256, 1000, 5000]

interface Figure { readonly what: string, readonly perSecond: number, readonly bytes?: number }

/** Keeps results alive, so that the optimiser cannot drop the work. */
let sink = 0

export function run (report: Report): void {
  report('# batch codec: events per second of CPU time (median of five windows) and bytes per event')
  printMachine(report)
  report(`msgpackr ${packageVersion('msgpackr')}; 32 leaf fields, 500 pods, 12 attribute keys, 4096 traces; ratio = against msgpackr rows (shared structures)`)
  const tables = sizes.map(measure)
  const first = tables[0] as Figure[]
  report('')
  printTable(report, [['events per CPU second', ...sizes.map(n => `n=${n}`)], ...first.map(({ what }, i) => [what, ...tables.map(t => rate((t[i] as Figure).perSecond))])])
  report('')
  const sized = first.flatMap(({ what, bytes }, i) => bytes === undefined ? [] : [[what, ...tables.map(t => ((t[i] as Figure).bytes as number).toFixed(0))]])
  printTable(report, [['bytes/event', ...sizes.map(n => `n=${n}`)], ...sized])
  report('')
  printTable(report, [['ratio', ...sizes.map(n => `n=${n}`)], ...ratios.map(([what, over]) => [`${what} / ${over}`, ...tables.map(t => `${(of(t, what) / of(t, over)).toFixed(1)}x`)])])
}

const ratios = [
  ['columns: rows -> columns + encode', 'rows: encode, shared structures'],
  ['columns: encode only', 'rows: encode, shared structures'],
  ['columns: decode + filter a column', 'rows: decode + filter, shared structures'],
  ['columns: decode + every string', 'rows: decode, shared structures'],
  ['columns: decode + all rows as objects', 'rows: decode, shared structures'],
  ['columns: rows -> columns + encode', 'JSON: encode'],
  ['columns: decode + filter a column', 'JSON: decode']
] as const

const of = (table: readonly Figure[], what: string): number => table.find(f => f.what === what)?.perSecond ?? NaN

function measure (n: number): Figure[] {
  const events = syntheticEvents(n)
  const figure = (what: string, work: () => number, bytes?: number): Figure => {
    const perSecond = n / secondsPerCall(() => { sink += work() })
    return bytes === undefined ? { what, perSecond } : { what, perSecond, bytes: bytes / n }
  }
  return [...columnFigures(events, figure), ...rowFigures(events, figure), ...jsonFigures(events, figure)]
}

type Measure = (what: string, work: () => number, bytes?: number) => Figure

function columnFigures (events: EventInput[], figure: Measure): Figure[] {
  const batch = build(events)
  const document = encodeBatch(batch)
  // A batch that came through the codec, as a stage in the middle of a pipeline has it.
  const passing = open(document)
  return [
    figure('columns: rows -> columns', () => build(events).count),
    figure('columns: rows -> columns + encode', () => encodeBatch(build(events)).length, document.length),
    figure('columns: encode only', () => encodeBatch(passing).length),
    figure('columns: encode only, checksum', () => encodeBatch(passing, true).length),
    figure('columns: decode a view', () => open(document).count),
    figure('columns: decode + filter a column', () => countErrors(open(document))),
    figure('columns: decode + every string', () => touchStrings(open(document))),
    figure('columns: decode + all rows as objects', () => allRows(open(document)))
  ]
}

function rowFigures (events: EventInput[], figure: Measure): Figure[] {
  return ([['in-band records', new Packr()], ['shared structures', new Packr({ structures: [] })]] as const).flatMap(([name, packr]) => {
    const packed = Buffer.from(packr.pack(events))
    return [
      figure(`rows: encode, ${name}`, () => packr.pack(events).length, packed.length),
      figure(`rows: decode, ${name}`, () => (packr.unpack(packed) as EventInput[]).length),
      figure(`rows: decode + filter, ${name}`, () => (packr.unpack(packed) as EventInput[]).filter(e => (e.severity ?? 0) >= 17).length)
    ]
  })
}

function jsonFigures (events: EventInput[], figure: Measure): Figure[] {
  const text = toJson(events)
  return [
    figure('JSON: encode', () => toJson(events).length, Buffer.byteLength(text)),
    figure('JSON: decode', () => (JSON.parse(text) as unknown[]).length)
  ]
}

const toJson = (events: EventInput[]): string => JSON.stringify(events, (_key, value: unknown) => typeof value === 'bigint' ? value.toString() : value)

function build (events: EventInput[]): EventBatch {
  const builder = new BatchBuilder(events.length)
  for (const event of events) builder.append(event)
  return builder.finish()
}

function open (document: Uint8Array): EventBatch {
  const result = decodeBatch(document)
  if (!result.ok) throw new Error(result.error)
  return result.batch
}

function countErrors (batch: EventBatch): number {
  const { severity } = batch.columns
  let errors = 0
  for (let row = 0; row < batch.count; row++) if ((severity[row] as number) >= 17) errors++
  return errors
}

function touchStrings (batch: EventBatch): number {
  let units = 0
  for (const text of batch.strings) units += text.length
  for (const column of batch.attributes.values()) for (const value of column.values) units += typeof value === 'string' ? value.length : 1
  return units
}

function allRows (batch: EventBatch): number {
  let errors = 0
  for (const row of batch) if ((row.toObject().severity ?? 0) >= 17) errors++
  return errors
}

function packageVersion (name: string): string {
  const file = new URL(`../../../node_modules/${name}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  run(line => { console.log(line) })
  if (sink === 0) throw new Error('nothing was measured')
}
