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

interface Deed extends LaneSpec {
  /** The only reason for which rows may be counted; left out: none are. */
  readonly reason?: string
  /** Records may come twice: it ends with them in hand, having passed them on, or passes on what it likes. */
  readonly twice?: true
}

const once = (consume: string, reason: string, more: Partial<Deed> = {}): Deed => ({ name: consume.replaceAll(/\W+/g, '-'), does: { consume, record }, reason, ...more })

const deeds: readonly Deed[] = [
  { name: 'without' },
  { name: 'calm', does: {} },
  once('throw', 'component_error'),
  once('throw nothing', 'component_error'),
  once('reject', 'component_error'),
  once('never', 'plugin_poison'),
  once('crash', 'plugin_poison'),
  once('unhandled', 'plugin_poison'),
  once('exit', 'plugin_poison'),
  once('pass, then exit', 'plugin_poison', { twice: true }),
  once('loop', 'plugin_poison'),
  once('starve', 'plugin_poison'),
  once('heap', 'plugin_poison'),
  once('buffers', 'plugin_poison'),
  once('leak', 'plugin_poison'),
  once('no batch', 'plugin_malformed'),
  once('wrong indexes', 'plugin_malformed'),
  once('no outcome', 'plugin_malformed'),
  once('flood', '', { twice: true }),
  once('chatter', '')
]

faults('each in a pipeline beside the others', async context => {
  const lanes = await Lanes.start(context, { lanes: deeds, plugin: { memory_limit: '48MiB', hang_timeout: '2s', call_timeout: '4s', max_restarts: 100 } })
  await lanes.send(records)
  const lines: string[] = []
  for (const deed of deeds) {
    const lane = lanes.lane(deed.name)
    const counted = await lanes.balanced(lane)
    lines.push(`REPORT ${deed.name}: ${line(lane.ledger.totals())}; counted: ${inWords(counted)}; longest pause ${Math.round(lane.longestPauseMs)} ms`)
  }
  console.log(`\n${lines.join('\n')}`)
  console.log((await (await fetch(`${lanes.tapio.telemetry}/metrics`)).text()).split('\n').filter(l => /plugin_(deaths|disabled|memory)|dropped|invalid|overflow/.test(l) && !l.startsWith('#')).join('\n'))
  console.log(await (await fetch(`${lanes.tapio.telemetry}/healthz`)).text())
  await lanes.end()
})

faults.run()
