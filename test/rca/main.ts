/**
 * `npm run rca -- CASES_DIR PREDICTIONS.jsonl`: diagnoses every case (a directory each) and writes its ranked answers, a JSON line a
 * case. With `--truth DIR` beside it also the score, per category and overall, the confusions, and a cross-check by halves.
 */
import { appendFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Incident } from '../../core/incidents/incident.js'
import { answerOf, type Answer } from './answers.js'
import { diagnose } from './diagnose.js'
import { printScore } from './score.js'

export interface Ranked extends Answer { readonly score: number }

/** All hypotheses of all incidents, the surest first; one that weighs little against the others of its dump is noise. */
export function rankedOf (incidents: readonly Incident[]): Ranked[] {
  const all = incidents.flatMap(incident => incident.hypotheses.flatMap(h => { const answer = answerOf(h); return answer === undefined ? [] : [{ ...answer, score: h.score }] }))
  const seen = new Set<string>()
  return all.sort((a, b) => b.score - a.score).filter(({ object, rootCause }) => {
    const key = `${object} ${rootCause}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** A case that cannot be read has no answer; the others go on. */
async function answered (dir: string): Promise<readonly Ranked[]> {
  try {
    return rankedOf(await diagnose(dir))
  } catch (error) {
    console.error(`${dir}: ${error instanceof Error ? error.message : String(error)}`)
    return []
  }
}

async function main ([cases, predictions, ...rest]: readonly string[]): Promise<number> {
  if (cases === undefined || predictions === undefined) { console.error('usage: npm run rca -- CASES_DIR PREDICTIONS.jsonl [--truth TRUTH_DIR]'); return 2 }
  if (!existsSync(cases)) { console.error(`SKIP rca: there is no directory ${cases}`); return 0 }
  mkdirSync(dirname(predictions), { recursive: true })
  writeFileSync(predictions, '')
  const names = readdirSync(cases, { withFileTypes: true }).filter(e => e.isDirectory()).map(e => e.name).sort()
  const took: number[] = []
  const answers = new Map<string, readonly Ranked[]>()
  for (const name of names) {
    const started = performance.now()
    const ranked = (await answered(join(cases, name))).slice(0, 10)
    took.push(performance.now() - started)
    answers.set(name, ranked)
    appendFileSync(predictions, `${JSON.stringify({ case: name, ranked: ranked.map(({ taxonomy, object, rootCause }) => ({ taxonomy, object, rootCause })) })}\n`)
    if (process.stderr.isTTY) process.stderr.write(`\r${took.length}/${names.length}`)
  }
  const sorted = [...took].sort((a, b) => a - b)
  const at = (share: number): string => `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)} ms`
  console.log(`${names.length} cases in ${(took.reduce((a, b) => a + b, 0) / 1000).toFixed(1)} s: median ${at(0.5)}, p95 ${at(0.95)}, slowest ${at(1)}; predictions in ${predictions}`)
  const truth = rest[0] === '--truth' ? rest[1] : undefined
  if (truth !== undefined && existsSync(truth)) printScore(truth, answers)
  return 0
}

process.exitCode = await main(process.argv.slice(2))
