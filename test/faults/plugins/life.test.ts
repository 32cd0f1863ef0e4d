/**
 * Scenario: one Tapio with many pipelines; in each but one a plugin that throws, never ends, exits, loops or takes memory without end as it is
 * made, started, asked a question or stopped; and one that has to be started a thousand times.
 * Guarantees: Tapio starts, and ends in time; the pipeline without a plugin delivers every record once; a plugin that cannot start is given
 * up after its restarts, and its rows are rejected and counted, or passed on; asking one costs its own records nothing.
 */
import { existsSync, readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { eventually, faultSuite, line, long } from '../delivery/scene.js'
import { inWords, Lanes, pathIn, sum, type LaneSpec } from './lanes.js'

const faults = faultSuite('hostile plugins as they begin and end')
const records = 200
const plugin = { memory_limit: '48MiB', start_timeout: '2s', hang_timeout: '2s', max_restarts: 1 }

const beginnings: readonly LaneSpec[] = [
  { name: 'without' },
  ...(long ? ['throw', 'reject', 'never', 'exit', 'loop', 'large arrays'] : ['throw', 'never', 'exit']).flatMap(deed => (['create', 'start'] as const).map(hook => ({ name: `${hook}-${deed.replaceAll(' ', '-')}`, does: { [hook]: deed } })))
]

for (const whenDisabled of long ? ['reject', 'pass'] as const : ['reject'] as const) {
  faults(`as they are made and started; given up, then: ${whenDisabled}`, async context => {
    const lanes = await Lanes.start(context, { lanes: beginnings, plugin: { ...plugin, when_disabled: whenDisabled } })
    await lanes.send(records)
    const lines: string[] = []
    for (const { name, does } of beginnings) {
      const lane = lanes.lane(name)
      const counted = await lanes.balanced(lane)
      const totals = lane.ledger.totals()
      const isRejected = does !== undefined && whenDisabled === 'reject'
      assert.equal([totals.acknowledged, totals.deliveredOnce, totals.lost.length, counted], isRejected ? [records, 0, records, { plugin_disabled: records }] : [records, records, 0, {}], name)
      assert.is((await lanes.metrics()).sum('tapio_plugin_disabled', { component_id: `hostile/${name}` }), does === undefined ? 0 : 1)
      lines.push(`REPORT ${name}, ${whenDisabled}: ${line(totals)}; counted: ${inWords(counted)}`)
    }
    console.log(`\n${lines.join('\n')}`)
    await lanes.end()
  })
}

const deedsAtTheEnd = long ? ['throw', 'reject', 'never', 'exit', 'loop', 'large arrays'] : ['reject', 'never', 'loop']

faults('as they are asked and stopped', async context => {
  const endings: readonly LaneSpec[] = [{ name: 'without' }, ...deedsAtTheEnd.map(deed => ({ name: `ends-${deed.replaceAll(' ', '-')}`, does: { stop: deed, answer: deed } }))]
  const lanes = await Lanes.start(context, { lanes: endings, plugin: { ...plugin, max_restarts: 10 }, service: { api: { grpc: { endpoint: '127.0.0.1:0' }, http: { endpoint: '127.0.0.1:0' } } } })
  const api = await eventually('the API is up', () => /"http":"(http:[^"]+)"/.exec(lanes.tapio.log)?.[1], url => url !== undefined)
  const sending = lanes.send(records)
  const answer = await fetch(`${api}/v1/topology`)
  await answer.text()
  await sending
  for (const { spec: { name }, ledger } of lanes.all) assert.equal(await lanes.balanced(lanes.lane(name)), {}, `${name}: ${line(ledger.totals())}`)
  const beganMs = performance.now()
  await lanes.end()
  const tookMs = performance.now() - beganMs
  for (const { spec: { name }, ledger } of lanes.all) console.log(`\nREPORT ${name}: ${line(ledger.totals())}`)
  console.log(`REPORT asked: answer ${answer.status}; stopped after ${Math.round(tookMs)} ms (deadline 5 s)`)
  assert.is(lanes.lane('without').ledger.totals().deliveredOnce, records)
  assert.ok(tookMs < 8000, `${tookMs} ms`)
})

faults(`a receiver that ends its thread again and again: ${long ? 1000 : 4} lives`, async context => {
  const path = pathIn(context, 'accepted')
  const sent = long ? 20_000 : 80
  const lanes = await Lanes.start(context, {
    lanes: [{ name: 'without' }, { name: 'restarts' }], plugin: { max_restarts: 10_000 },
    more: config => {
      config.receivers['hostile_source/restarts'] = { path, records: sent, one_in: 1 }
      config.service.pipelines['logs/restarts'] = { receivers: ['hostile_source/restarts'], exporters: ['otlp/restarts'] }
      delete config.receivers['otlp/restarts']
    }
  })
  await Promise.all([lanes.send(long ? 20_000 : records, ['without']), eventually('all of it was brought', () => existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0, n => n >= sent, long ? 3_600_000 : 60_000)])
  const { ledger } = lanes.lane('restarts')
  ledger.acknowledge(readFileSync(path, 'utf8').trim().split('\n').map(Number))
  assert.is(sum(await lanes.balanced(lanes.lane('restarts'))), 0)
  assert.is(sum(await lanes.balanced(lanes.lane('without'))), 0)
  const deaths = (await lanes.metrics()).sum('tapio_plugin_deaths_total')
  console.log(`\nREPORT ended ${deaths} times: ${line(ledger.totals())}\nREPORT without: ${line(lanes.lane('without').ledger.totals())}`)
  assert.equal([ledger.totals().lost, lanes.lane('without').ledger.totals().deliveredAgain], [[], 0])
  assert.ok(deaths >= sent / 20 - 1)
  await lanes.end()
})

faults.run()
