/**
 * Scenario: SIGHUP every second under load (a fifth of it in the short form), with good and bad configurations alternating: a changed batch
 * processor, a changed exporter with a queue on disk, a file that is no YAML, an exporter that does not exist, a directory that cannot be used.
 * Guarantees: no connection is refused, nothing that was acknowledged is lost, nothing is delivered twice; each bad one is told in the log
 * and changes nothing.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse, stringify } from 'yaml'
import * as assert from 'uvu/assert'
import { eventually, faultSuite, finish, line, load, long, metricsOf, settled, start } from './scene.js'

const everyMs = long ? 1000 : 400
const reloads = long ? 60 : 10
const faults = faultSuite('reload under load')

interface Config { exporters: { otlp: { sending_queue: Record<string, unknown>, [key: string]: unknown } }, service: { pipelines: { logs: { exporters: string[] } } }, [key: string]: unknown }

faults(`${reloads} reloads under load, good and bad ones in turn: nothing is lost, nothing doubled, nobody turned away`, async context => {
  const file = join(context.folder, 'tapio.yaml')
  let base = ''
  const scene = await start(context, { config: text => { base = text; writeFileSync(file, text); return ['--config', file] } })
  const { ledger, tapio } = scene
  await tapio.running
  const good = (n: number): string => {
    const config = parse(base) as Config
    config.exporters.otlp.sending_queue['num_consumers'] = 5 + n % 5
    return stringify(config)
  }
  const bad = [
    (): string => `${base}\n  - ]`,
    (): string => { const config = parse(base) as Config; config.service.pipelines.logs.exporters = ['nowhere']; return stringify(config) },
    (): string => { const config = parse(base) as Config; config.exporters.otlp.sending_queue['directory'] = '/proc/nowhere/queue'; return stringify(config) }
  ]
  const records = reloads * (long ? 2400 : 400)
  const sent = load(scene, records, everyMs / 15)
  let [goods, bads] = [0, 0]
  for (let i = 0; i < reloads; i++) {
    const isBad = i % 2 === 1
    writeFileSync(file, isBad ? (bad[bads++ % bad.length] as () => string)() : good(goods++))
    await tapio.signal('SIGHUP')
    await eventually('the reload has an end', async () => (await metricsOf(scene)).sum('tapio_reload_total'), ends => ends > i).catch((error: Error) => { throw new Error(`${error.message}\n${tapio.log}`) })
    await sleep(everyMs)
  }
  const report = await sent()
  await settled(scene)
  const metrics = await metricsOf(scene)
  assert.equal(metrics.drops('exporter/otlp'), {})
  await finish(scene)
  console.log(`\nREPORT ${goods} good and ${bads} bad reloads under load: ${line(ledger.totals())}; client: ${report.retries} retries`)
  assert.is(report.statuses.get(0) ?? 0, 0, 'no connection was refused or cut')
  assert.equal([ledger.totals().lost, ledger.totals().acknowledged, ledger.totals().deliveredAgain], [[], records, 0])
})

faults.run()
