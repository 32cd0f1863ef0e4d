/**
 * Makes incident.jsonl.gz, what the demo replays: the recorded rows moved to the story's time, and Kubernetes' side of it, in
 * the order in which a Tapio would have got them. The same recording gives the same file.
 *
 *   npm run build && node dist/configs/demo/incident/make.js
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { BatchBuilder } from '../../../core/data/builder.js'
import { eventFromJson, eventToJson } from '../../../core/data/json.js'
import type { EventRow } from '../../../core/data/row.js'
import { shiftBatch } from '../../../receivers/file/shift.js'
import { clusterLines, type Anchors, type Line } from './cluster.js'
import { containerIdOf, evicted, leaking, startMs } from './story.js'

// dist/configs/demo/incident -> configs/demo/incident
export const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..', 'configs', 'demo', 'incident')
const nanoPerMs = 1_000_000n

export function readLines (file: string): readonly string[] {
  return gunzipSync(readFileSync(join(folder, file))).toString().trimEnd().split('\n')
}

/** The recording with its first row at `startMs`. */
function recordedRows (): readonly EventRow[] {
  const builder = new BatchBuilder(1024)
  for (const line of readLines('recorded.jsonl.gz')) {
    const read = eventFromJson(line)
    if (!read.ok) throw new Error(read.error)
    builder.append(read.event)
  }
  const batch = builder.finish()
  const first = batch.columns.timeUnixNano.reduce((least, time) => time < least ? time : least)
  return [...shiftBatch(batch, BigInt(startMs) * nanoPerMs - first)]
}

/** When a row had happened and could be sent. */
function knownMs (row: EventRow): number {
  const endNano = (row.get('timeUnixNano') ?? 0n) + (row.signal === 'traces' ? row.get('durationNano') ?? 0n : 0n)
  return Number(endNano) / 1e6
}

/** They are in the order of their arrival: a row has arrived when those before it had. */
function recordedLines (rows: readonly EventRow[]): readonly Line[] {
  let arrivalMs = 0
  return rows.map(row => {
    arrivalMs = Math.max(arrivalMs, knownMs(row))
    return { arrivalMs, text: eventToJson(row, { raw: true }) }
  })
}

function anchorsIn (rows: readonly EventRow[]): Anchors {
  const timeOf = (name: string, containerId: string): number => {
    const found = rows.find(row => row.get('name') === name && row.resource.attributes['container.id'] === containerId)
    if (found === undefined) throw new Error(`no ${name} of container ${containerId} was recorded`)
    return knownMs(found)
  }
  return { oomMs: timeOf('oom_kill', leaking.containerId), mysqlEndMs: timeOf('exit', evicted.containerId), nginxEndMs: timeOf('exit', containerIdOf(leaking.name, 1)) }
}

/** All rows, a JSON object each. */
export function makeIncident (): readonly string[] {
  const rows = recordedRows()
  const recorded = recordedLines(rows)
  const endMs = recorded.at(-1)?.arrivalMs ?? startMs
  const all = [...clusterLines(anchorsIn(rows), endMs), ...recorded]
  return all.sort((a, b) => a.arrivalMs - b.arrivalMs).map(line => line.text)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lines = makeIncident()
  writeFileSync(join(folder, 'incident.jsonl.gz'), gzipSync(`${lines.join('\n')}\n`, { level: 9 }))
  console.log(`${lines.length} rows`)
}
