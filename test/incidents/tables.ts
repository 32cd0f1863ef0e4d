/** Results for people. */
import Table from 'cli-table3'
import { entityText } from '../../core/correlation/entity.js'
import type { Results, Run } from './measure.js'
import type { Score, Share } from './score.js'

const percent = (part: number, of: number): string => of === 0 ? '-' : `${Math.round(100 * part / of)}%`
const style = { head: [], border: [], compact: true }

/** A line a scenario, over all its variations and seeds. */
export function printScenarios ({ runs }: Results): void {
  const table = new Table({ head: ['scenario', 'n', 'A@1', 'A@3', 'subject', 'edges P', 'R', 'affected P', 'R', 'parts', 'false', 'detected s', 'best hypothesis'], style })
  const scores = runs.flatMap(r => r.scores)
  for (const name of new Set(scores.map(s => s.scenario))) {
    const of = scores.filter(s => s.scenario === name)
    const best = of[0]?.incident?.hypotheses[0]
    table.push([name, of.length, ...rates(of), best === undefined ? '-' : `${best.cause}: ${entityText(best.subject)}`.slice(0, 60)])
  }
  console.log(table.toString())
}

/** A line a variation, and one for all; the same for those who do not think. */
export function printOverall (results: Results): void {
  const table = new Table({ head: ['variation', 'n', 'A@1', 'A@3', 'subject', 'edges P', 'R', 'affected P', 'R', 'parts', 'false', 'detected s', 'events: incident', 'merged', 'µs a row', 'earliest', 'severest', 'namespace'], style })
  for (const name of new Set(results.runs.map(r => r.variation.name))) table.push(overall(name, results.runs.filter(r => r.variation.name === name)))
  table.push(overall('all', results.runs))
  console.log(table.toString())
  console.log('A@1: subject and cause of the best hypothesis are right. P: precision, R: recall. parts: incidents a fault was told as. false: incidents with nothing of a fault.')
  console.log('earliest, severest, namespace: the baselines; only the subject is asked of them.')
}

function rates (scores: readonly Score[]): (string | number)[] {
  const detected = scores.map(s => s.detectionMs).filter(ms => ms !== undefined).sort((a, b) => a - b)
  const middle = detected[Math.floor(detected.length / 2)]
  return [
    percent(scores.filter(s => s.rank === 0).length, scores.length), percent(scores.filter(s => s.rank !== undefined && s.rank < 3).length, scores.length), percent(scores.filter(s => s.subjectRank === 0).length, scores.length),
    ...both(scores.map(s => s.edges)), ...both(scores.map(s => s.affected)),
    (scores.reduce((n, s) => n + s.parts, 0) / scores.length).toFixed(1), (scores.reduce((n, s) => n + s.falseAlarms, 0) / scores.length).toFixed(1), middle === undefined ? '-' : (middle / 1000).toFixed(1)
  ]
}

function both (shares: readonly Share[]): [string, string] {
  const sum = (pick: (s: Share) => number): number => shares.reduce((n, s) => n + pick(s), 0)
  return [percent(sum(s => s.right), sum(s => s.told)), percent(sum(s => s.found), sum(s => s.wanted))]
}

function overall (name: string, runs: readonly Run[]): (string | number)[] {
  const scores = runs.flatMap(r => r.scores)
  const baseline = (which: string): string => percent(scores.filter(s => s.baselines[which]?.isRight === true).length, scores.length)
  const incidents = runs.reduce((n, r) => n + r.incidents.length, 0)
  return [
    name, scores.length, ...rates(scores), incidents === 0 ? '-' : Math.round(runs.reduce((n, r) => n + (r.scores[0]?.abnormal ?? 0), 0) / incidents),
    runs.filter(r => r.scores.some(s => s.isMerged)).length, (1000 * runs.reduce((n, r) => n + r.thinkingMs, 0) / Math.max(1, runs.reduce((n, r) => n + r.rows, 0))).toFixed(0),
    baseline('earliest'), baseline('severest'), baseline('namespace')
  ]
}

export function printHealthy ({ healthy }: Results): void {
  if (healthy.length === 0) return
  const table = new Table({ head: ['healthy stream', 'rows', 'minutes', 'false alarms', 'of them'], style })
  for (const { variation, rows, minutes, incidents } of healthy) table.push([variation, rows, minutes.toFixed(1), incidents.length, incidents.map(n => `${n.severity}: ${n.title}`).join('\n').slice(0, 300)])
  console.log(table.toString())
}

/** What was told of each story. */
export function printStories ({ runs }: Results): void {
  for (const { scenarios, variation, seed, faultMs, scores, incidents } of runs) {
    console.log(`\n== ${scenarios.map(s => s.name).join(' + ')} (${variation.name}, seed ${seed})`)
    for (const score of scores) console.log(`   ${score.scenario}: ${score.rank === 0 ? 'RIGHT' : 'WRONG'}, told in ${score.parts} incidents`)
    for (const { id, title, severity, events, chain, hypotheses, detectedMs } of incidents) {
      const isMain = scores.some(s => s.incident?.id === id)
      console.log(` ${isMain ? '*' : ' '} ${severity} ${title} (${events} events, ${chain.length} steps, detected ${((detectedMs - faultMs) / 1000).toFixed(1)} s)`)
      for (const h of hypotheses) console.log(`       ${h.score.toFixed(2)} ${h.cause} (${h.pattern}) ${entityText(h.subject)}`)
      chain.slice(0, 40).forEach((step, i) => { console.log(`       ${i} [${step.layer}] ${step.sign} ${entityText(step.entity)} x${step.count} ${((step.timeMs - faultMs) / 1000).toFixed(1)} s <- ${step.causes.map(c => `${c.step}(${c.kind} ${c.confidence.toFixed(2)})`).join(' ')}`) })
    }
  }
}
