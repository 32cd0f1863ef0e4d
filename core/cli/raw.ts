/** `tapio raw`: kernel records as they came, from the files of a raw store; tapio need not run, nor be able to see the kernel. */
import Table from 'cli-table3'
import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import { fetchRaw, fieldsOf, queryRaw, type RawQuery, type RawRecord } from '../rawstore/query.js'
import { defaultRawDirectory, parseRawId } from '../rawstore/segments.js'
import type { RawValue } from '../rawstore/types.js'
import type { ExitName } from './exit-codes.js'
import type { CommandIo } from './io.js'
import { parseCount } from './numbers.js'
import { parseWhenMs } from './when.js'

interface RawOptions {
  readonly dir: string
  readonly since?: bigint
  readonly until?: bigint
  readonly cgroup?: bigint
  readonly pid?: number
  readonly type: readonly string[]
  readonly id?: string
  readonly after?: string
  readonly limit?: number
  readonly last?: number
  readonly bytes?: true
  readonly output: 'table' | 'json'
}

const defaultRows = 100
/** A table is made in memory. */
const maxRows = 10_000

export function addRawCommand (program: Command, io: CommandIo, done: (exit: ExitName) => void): void {
  program.command('raw').description('print raw kernel records that were kept: by time, cgroup, process, type or id')
    .option('--dir <directory>', 'of the raw store', defaultRawDirectory)
    .option('--since <when>', 'not older than: a duration (10m) or a time (2026-01-01T12:00:00Z)', parseWhen)
    .option('--until <when>', 'older than', parseWhen)
    .option('--cgroup <id>', 'of this cgroup, by its id (inode number)', parseCgroup)
    .option('--pid <number>', 'about this process', parseCount)
    .option('--type <name>', 'of this type, as oom_kill; may be given several times', (value: string, before: readonly string[]) => [...before, value], [] as string[])
    .option('--id <id>', 'the record with this id, as the attribute tapio.raw.id says it', checkId)
    .option('--after <id>', 'go on behind the record with this id', checkId)
    .option('--limit <number>', 'the first so many', parseCount)
    .option('--last <number>', `the last so many (table: ${defaultRows} unless told otherwise, at most ${maxRows})`, parseCount)
    .option('--bytes', 'json: add the record itself, in base64')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'))
    .action(async (options: RawOptions) => done(await showRaw(options, io)))
}

export async function showRaw (options: RawOptions, io: CommandIo): Promise<ExitName> {
  try {
    return options.id === undefined ? await showQuery(options, io) : await showOne(options, options.id, io)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    const why = code === 'ENOENT' ? 'there is no such directory: give that of the `raw_store` of the receiver with --dir' : code === 'EACCES' ? 'its files are readable by their owner alone: run as the user tapio runs as' : message
    io.err(`tapio raw: cannot read ${options.dir}: ${why}\n`)
    return 'failure'
  }
}

async function showOne (options: RawOptions, id: string, io: CommandIo): Promise<ExitName> {
  const record = await fetchRaw(options.dir, id)
  if (record === undefined) {
    io.err(`tapio raw: ${options.dir} has no record ${id}: it was never written or is not kept any more\n`)
    return 'failure'
  }
  io.out(options.output === 'json' ? jsonLine(record, true) : drawFields(record, io))
  return 'ok'
}

async function showQuery (options: RawOptions, io: CommandIo): Promise<ExitName> {
  const { since, until, cgroup, pid, type, after, limit } = options
  const query: RawQuery = { types: type, ...(since !== undefined && { since }), ...(until !== undefined && { until }), ...(cgroup !== undefined && { cgroupId: cgroup }), ...(pid !== undefined && { pid }), ...(after !== undefined && { after }), ...(limit !== undefined && { limit }) }
  const asJson = options.output === 'json'
  // The last ones are known at the end only; everything else that is JSON is printed as it is read.
  const streamed = asJson && options.last === undefined
  const last = options.last ?? limit ?? defaultRows
  const kept: RawRecord[] = []
  let [total, damaged, newest] = [0, 0, '']
  for await (const found of queryRaw(options.dir, query)) {
    if (found.kind === 'damage') { if (!found.damage.tail) damaged++; continue }
    total++
    newest = found.record.id
    if (streamed) io.out(jsonLine(found.record, options.bytes === true))
    else if (kept.push(found.record) > Math.min(last, maxRows)) kept.shift()
  }
  if (asJson) for (const record of kept) io.out(jsonLine(record, options.bytes === true))
  else io.out(total === 0 ? 'no records\n' : drawTable(kept, io))
  if (!streamed && total > kept.length && (!asJson || kept.length < last)) io.err(`${total - kept.length} earlier records are not shown: --last N, or -o json for all\n`)
  if (limit !== undefined && total === limit) io.err(`there may be more: --after ${newest}\n`)
  if (damaged > 0) io.err(`tapio raw: ${damaged} damaged place${damaged === 1 ? '' : 's'} in ${options.dir} could not be read\n`)
  return 'ok'
}

/** One object a line: 64-bit numbers as decimal text, bytes in base64. */
function jsonLine (record: RawRecord, withBytes: boolean): string {
  const { id, timeUnixNano, typeId, type, cgroupId, pid, bytes } = record
  const fields = Object.fromEntries(Object.entries(fieldsOf(record)).map(([key, value]) => [key, plain(value)]))
  return JSON.stringify({ id, time: isoTime(timeUnixNano), timeUnixNano: String(timeUnixNano), type: type?.name ?? String(typeId), cgroupId: String(cgroupId), pid, fields, ...(withBytes && { bytes: plain(bytes) }) }) + '\n'
}

function plain (value: RawValue): string | number | readonly string[] {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') : value
}

/** Shown in columns of their own. */
const shown = new Set(['type', 'size', 'cpu', 'time_ns', 'cgroup_id', 'memcg_id', 'pid', 'tid', 'comm'])

function drawTable (records: readonly RawRecord[], io: CommandIo): string {
  const table = new Table({ head: ['time', 'type', 'pid', 'comm', 'cgroup', 'details', 'id'], style: style(io), wordWrap: true, colWidths: [null, null, null, null, null, 60, null] })
  for (const record of records) {
    const fields = fieldsOf(record)
    const details = Object.entries(fields).filter(([key]) => !shown.has(key)).flatMap(([key, value]) => { const text = words(value); return text === '' || text === '0' ? [] : [`${key}=${text}`] })
    table.push([isoTime(record.timeUnixNano).slice(0, 23), record.type?.name ?? String(record.typeId), record.pid, printable(String(fields['comm'] ?? '')), String(record.cgroupId), details.join(' '), record.id])
  }
  return `${table.toString()}\n`
}

function drawFields (record: RawRecord, io: CommandIo): string {
  const table = new Table({ head: ['field', record.type?.name ?? String(record.typeId)], style: style(io), wordWrap: true, colWidths: [null, 80] })
  for (const [key, value] of Object.entries({ id: record.id, time: isoTime(record.timeUnixNano), ...fieldsOf(record) })) table.push([key, words(value)])
  return `${table.toString()}\n`
}

const style = (io: CommandIo): object => io.color ? {} : { head: [], border: [] }

function words (value: RawValue): string {
  return printable(value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex') : Array.isArray(value) ? value.join(' ') : String(value as string))
}

/** A process may call itself anything, also what moves a terminal's cursor. */
const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd')

/** With all nine digits, which a Date does not have. */
function isoTime (unixNano: bigint): string {
  const ms = Number(unixNano / 1_000_000n)
  if (ms > 8.64e15) return String(unixNano)
  return `${new Date(ms).toISOString().slice(0, -1)}${String(unixNano % 1_000_000n).padStart(6, '0')}Z`
}

const parseWhen = (text: string): bigint => BigInt(Math.round(parseWhenMs(text))) * 1_000_000n

function parseCgroup (text: string): bigint {
  if (!/^\d{1,20}$/.test(text) || BigInt(text) > 2n ** 64n - 1n) throw new InvalidArgumentError('give the id, a number: `stat -c %i` of its directory tells it.')
  return BigInt(text)
}

function checkId (text: string): string {
  if (parseRawId(text) === undefined) throw new InvalidArgumentError('give an id as the attribute tapio.raw.id has it: SEGMENT:NUMBER.')
  return text
}
