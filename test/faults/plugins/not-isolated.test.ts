/**
 * Scenario: the same with `isolation: none`: the plugin's components run in the threads of their pipelines.
 * Guarantees: what throws, rejects, passes on or answers nonsense costs its own batch; one that never answers holds up its own pipeline and no
 * other. One that exits or loops takes its thread with it (long form): Tapio starts that again, and what is missing in the other pipelines of
 * the thread is counted. Memory without end takes Tapio down: nothing to test.
 */
import * as assert from 'uvu/assert'
import { faultSuite, line, long } from '../delivery/scene.js'
import { inWords, Lanes, sum } from './lanes.js'

const faults = faultSuite('hostile plugins, not isolated')
const records = 400
const record = 137
const batchRows = 20

faults('throws, nonsense, no answer', async context => {
  const deeds = ['throw', 'throw nothing', 'reject', 'no batch', 'no outcome', 'scramble']
  const lanes = await Lanes.start(context, { plugin: { isolation: 'none' }, lanes: [{ name: 'without' }, ...[...deeds, 'never'].map(consume => ({ name: consume.replace(' ', '-'), does: { consume, record } }))] })
  await lanes.send(records)
  for (const name of ['without', ...deeds.map(d => d.replace(' ', '-'))]) {
    const lane = lanes.lane(name)
    const counted = await lanes.balanced(lane)
    const lost = name === 'without' ? 0 : batchRows
    const totals = lane.ledger.totals()
    assert.equal([totals.acknowledged, totals.deliveredOnce, sum(counted), totals.lost.length], [records, records - lost, lost, lost], `${name}: ${line(totals)}; ${inWords(counted)}`)
    console.log(`\nREPORT ${name}: ${line(totals)}; counted: ${inWords(counted)}`)
  }
  const { ledger } = lanes.lane('never')
  // How much was before it is a matter of two connections.
  assert.ok(ledger.totals().deliveredOnce <= records - batchRows, 'it and what comes behind wait')
  console.log(`REPORT never: ${line(ledger.totals())}: waits for ever`)
  lanes.tapio.destroy()
})

if (long) {
  for (const deed of ['exit', 'crash', 'loop']) {
    faults(`${deed}: its thread ends, too, and is started again`, async context => {
      const lanes = await Lanes.start(context, { plugin: { isolation: 'none' }, lanes: [{ name: 'without' }, { name: deed, does: { consume: deed, record } }], service: { stall_timeout: '2s' } })
      await lanes.send(records)
      for (const lane of lanes.all) {
        const counted = async (): Promise<number> => (await lanes.metrics()).sum('tapio_recovery_poison_events_total', { ring: `logs/${lane.spec.name}:in:worker` }) + (await lanes.metrics()).sum('tapio_worker_lost_events_total')
        await lanes.until(`the books of ${lane.spec.name}`, async () => lane.ledger.missing <= await counted())
        console.log(`\nREPORT ${deed}, pipeline ${lane.spec.name}: ${line(lane.ledger.totals())}; ${await counted()} counted with the thread`)
      }
      await lanes.end()
    })
  }
}

faults.run()
