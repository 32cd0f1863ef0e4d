/**
 * `npm run incidents -- [--seeds N] [--only TEXT] [--variation NAME] [--full] [--verbose]`: every scenario under every variation through the
 * thinking processors, scored against what is true and beside three ways of not thinking.
 */
import { parseArgs } from 'node:util'
import { measure } from './measure.js'
import { printHealthy, printOverall, printScenarios, printStories } from './tables.js'

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '1' }, only: { type: 'string', default: '' }, variation: { type: 'string', default: '' }, full: { type: 'boolean', default: false }, verbose: { type: 'boolean', default: false } } })

const results = await measure({
  seeds: Number(values.seeds), only: values.only, variation: values.variation, isFull: values.full,
  onScore: (score, story) => { process.stderr.write(`${story.variation.name}: ${score.scenario}: ${score.rank === 0 ? 'right' : score.subjectRank === 0 ? 'subject only' : 'wrong'}\n`) }
})
printScenarios(results)
if (values.verbose) printStories(results)
printOverall(results)
printHealthy(results)
