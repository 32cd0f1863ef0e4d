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

/** A life each, with waits of up to 5 s between two: as many side by side as make it minutes. */
const [sources, lives] = long ? [20, 50] : [2, 3]

faults(`receivers that end their threads after each batch: ${sources * lives} lives`, async context => {
  const names = Array.from({ length: sources }, (_, i) => `restarts-${i}`)
  const each = lives * 20
  const lanes = await Lanes.start(context, {
    lanes: ['without', ...names].map(name => ({ name })), plugin: { max_restarts: 10_000 },
    more: config => {
      for (const name of names) {
        config.receivers[`hostile_source/${name}`] = { path: pathIn(context, name), records: each, one_in: 1 }
        config.service.pipelines[`logs/${name}`] = { receivers: [`hostile_source/${name}`], exporters: [`otlp/${name}`] }
        delete config.receivers[`otlp/${name}`]
      }
    }
  })
  const accepted = (name: string): readonly number[] => existsSync(pathIn(context, name)) ? readFileSync(pathIn(context, name), 'utf8').split('\n').filter(l => l !== '').map(Number) : []
  await Promise.all([lanes.send(long ? 20_000 : records, ['without']), lanes.until('all was brought', () => names.every(n => accepted(n).length >= each), long ? 3_600_000 : 60_000)])
  for (const name of names) lanes.lane(name).ledger.acknowledge(accepted(name))
  for (const lane of lanes.all) assert.is(sum(await lanes.balanced(lane)), 0)
  const deaths = (await lanes.metrics()).sum('tapio_plugin_deaths_total')
  const totals = lanes.all.map(l => l.ledger.totals())
  console.log(`\nREPORT ended ${deaths} times: ${totals.reduce((n, t) => n + t.acknowledged, 0)} acknowledged, ${totals.reduce((n, t) => n + t.deliveredAgain, 0)} more than once, ${totals.reduce((n, t) => n + t.lost.length, 0)} lost\nREPORT without: ${line(lanes.lane('without').ledger.totals())}`)
  assert.equal(totals.map(t => t.lost.length), totals.map(() => 0))
  assert.is(lanes.lane('without').ledger.totals().deliveredAgain, 0)
  // The last life of each may be seen to end after this look.
  assert.ok(deaths >= sources * (lives - 1))
  await lanes.end()
})

faults.run()
