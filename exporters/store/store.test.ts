/** Scenario: batches as pipelines send them. Guarantees: what is kept, what is counted, and answers that are true. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Exporter } from '../../core/component/component.js'
import { BatchBuilder, type EventInput } from '../../core/data/builder.js'
import { RawEncoding } from '../../core/data/enums.js'
import { seeded } from '../../core/data/testing/random.js'
import { openStore } from '../../core/store/open.js'
import { randomIncident, randomLink } from '../../core/store/testing/random-incident.js'
import { systemClock } from '../../core/component/clock.js'
import { deadlineIn, testBench } from '../../core/testing/services.js'
import type { StoreExporterConfig } from './config.js'
import { factory } from './factory.js'

const test = suite('store exporter')
const made: string[] = []
test.after(async () => { for (const directory of made) await rm(directory, { recursive: true, force: true }) })

async function scratch (): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-store-exporter-'))
  made.push(directory)
  return join(directory, 'store')
}

async function start (directory: string, changes: Partial<StoreExporterConfig> = {}) {
  const config: StoreExporterConfig = {
    directory, keep: 'symptoms', min_severity: 'error', sample_ratio: 0, sync: 'commit', batch_timeout: 0, max_pending_bytes: 1 << 25, retention: { age: 0, size: 1 << 26 }, ...changes
  }
  const bench = testBench('exporter', 'store', config, { clock: systemClock })
  const exporter = await factory.create(bench.services) as Exporter
  await exporter.start?.(bench.host)
  return { ...bench, exporter }
}

const batchOf = (...events: EventInput[]) => {
  const builder = new BatchBuilder(events.length)
  for (const event of events) builder.append(event)
  return builder.finish()
}

const document = (name: string, value: unknown): EventInput => ({ name, raw: { encoding: RawEncoding.tapioJson, bytes: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)) } })

test('incidents and links come out as they went in, the newest version wins, and what is malformed is counted', async () => {
  const directory = await scratch()
  const { exporter, drops, status } = await start(directory)
  const incident = { ...randomIncident(seeded(1)), version: 2 }
  const link = randomLink(seeded(2), incident.chain.map(s => s.id))
  const newer = { ...incident, version: 3, title: 'newer' }
  assert.is((await exporter.consume(batchOf(document('tapio.incident', incident), document('tapio.link', link), document('tapio.incident', '{'), document('tapio.link', { id: 'x' })))).status, 'accepted')
  await exporter.consume(batchOf(document('tapio.incident', newer), document('tapio.incident', { ...incident, version: 1 })))
  assert.is(drops.get('malformed'), 2)
  const reader = await openStore(directory, { readOnly: true })
  assert.equal((await reader.incidents({})).incidents, [newer])
  assert.equal((await reader.links({ incident: incident.id })).links, [link])
  await reader.close()
  await exporter.stop?.(deadlineIn(5000))
  assert.equal(status.events, [])
})

test.run()
