/**
 * Scenario: one Tapio with many pipelines under load. In one there is no plugin, in one a plugin that behaves, and in each of the others one
 * that does something wrong with a batch: throws, rejects, never answers, exits, loops, takes memory without end, passes on what is no
 * batch, answers nonsense, writes over what it was given, floods, chatters.
 * Guarantees: the pipeline without the plugin and the one whose plugin behaves deliver every record once; in each of the others what was
 * accepted is delivered or counted with a reason, no more than the guilty batch is lost, and the plugin's state is told.
 */
import * as assert from 'uvu/assert'
import { faultSuite, line, long } from '../delivery/scene.js'
import { inWords, Lanes, sum, type LaneSpec } from './lanes.js'

const faults = faultSuite('hostile plugins, isolated')
const records = long ? 4000 : 400
const record = 137
const batchRows = 20

interface Deed extends LaneSpec {
  /** The only reason for which rows may be counted; left out: none are. */
  readonly reason?: string
  /** Why its thread ends; left out: it does not. */
  readonly ends?: readonly string[]
  /** Records may come twice: it passes them on before it ends, or as often as it likes. */
  readonly twice?: true
}

const doing = (consume: string, more: Partial<Deed> = {}): Deed => ({ name: consume.replaceAll(/\W+/g, '-'), does: { consume, record }, ...more })
const ending = (consume: string, ...ends: string[]): Deed => doing(consume, { reason: 'plugin_poison', ends })

const deeds: readonly Deed[] = [
  { name: 'without' },
  { name: 'calm', does: {} },
  doing('throw', { reason: 'component_error' }),
  doing('throw nothing', { reason: 'component_error' }),
  doing('reject', { reason: 'component_error' }),
  ending('never', 'timeout'),
  ending('crash', 'crash'),
  ending('unhandled', 'crash'),
  ending('exit', 'exit'),
  { ...ending('pass, then exit', 'exit'), twice: true },
  // One that is silent while others take memory may be taken for the cause, and one that takes it may be ended for its silence first.
  ending('loop', 'hang', 'memory'),
  ending('starve', 'hang', 'memory'),
  ending('heap', 'memory', 'hang'),
  ending('large arrays', 'memory', 'hang'),
  ending('buffers', 'memory', 'hang'),
  ending('leak', 'memory'),
  doing('no batch', { reason: 'plugin_malformed' }),
  doing('wrong indexes', { reason: 'plugin_malformed' }),
  doing('no outcome', { reason: 'plugin_malformed' }),
  doing('wrong outcome', { reason: 'rejected' }),
  doing('overwrite'),
  doing('scramble', { reason: 'rejected' }),
  doing('flood', { twice: true }),
  doing('chatter')
]

/** A machine of two cores starts no more threads than that in good time. */
const together = 8
const shortForm = ['throw nothing', 'exit', 'pass, then exit', 'loop', 'large arrays', 'no batch', 'no outcome', 'flood', 'chatter']
const others = long ? deeds.slice(2) : deeds.filter(d => shortForm.includes(String(d.does?.['consume'])))

for (let from = 0; from < others.length; from += long ? together : others.length) {
  const chosen = [...deeds.slice(0, 2), ...others.slice(from, from + (long ? together : others.length))]
  faults(`${chosen.map(d => d.name).join(', ')}: beside each other`, async context => {
    const lanes = await Lanes.start(context, { lanes: chosen, plugin: { memory_limit: '48MiB', hang_timeout: '2s', call_timeout: '6s', max_restarts: 100 } })
    await lanes.send(records)
    const lines: string[] = []
    for (const deed of chosen) lines.push(await check(deed, lanes))
    console.log(`\n${lines.join('\n')}`)
    await lanes.end()
  })
}

async function check (deed: Deed, lanes: Lanes): Promise<string> {
  const lane = lanes.lane(deed.name)
  const counted = await lanes.balanced(lane)
  const totals = lane.ledger.totals()
  const metrics = await lanes.metrics()
  const deaths = metrics.sum('tapio_plugin_deaths_total', { component_id: `hostile/${deed.name}` })
  assert.is(totals.acknowledged, records, deed.name)
  if (deed.name === 'without') assert.is(totals.deliveredAgain, 0)
  assert.equal(Object.keys(counted), deed.reason === undefined ? [] : [deed.reason], `${deed.name}: ${inWords(counted)}`)
  // Of what it says of itself it may make up more than there was.
  if (deed.name !== 'no-batch') assert.is(sum(counted), deed.reason === undefined ? 0 : batchRows, deed.name)
  assert.is(totals.lost.length, deed.reason === undefined || deed.twice === true ? 0 : batchRows, `${deed.name}: ${line(totals)}`)
  assert.is(metrics.sum('tapio_plugin_disabled', { component_id: `hostile/${deed.name}` }), 0)
  const why = (deed.ends ?? []).reduce((n, reason) => n + metrics.sum('tapio_plugin_deaths_total', { component_id: `hostile/${deed.name}`, reason }), 0)
  if (deed.ends !== undefined) assert.ok(why >= 2, `${deed.name} ended ${deaths} times, ${why} of them for ${deed.ends.join(' or ')}`)
  return `REPORT ${deed.name}: ${line(totals)}; counted: ${inWords(counted)}; ended ${deaths} times`
}

faults.run()
