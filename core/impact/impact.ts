/** What an incident's symptoms amount to: level, score, what is affected, whether it spreads. */
import type { Engine } from '../correlation/engine.js'
import { entityKey } from '../correlation/entity.js'
import type { Symptom } from '../correlation/symptom.js'
import type { Impact, SloViolation } from '../incidents/incident.js'
import { blastRadius, type BlastRadius } from './blast-radius.js'
import { round } from './cascade-risk.js'
import { levelFrom, levelOf, summaryOf } from './level.js'
import { scorerOf } from './score.js'
import { sloBookOf } from './state.js'

/** `timeMs`: event time; the graph and the calls of then. Same engine state and symptoms, in any order, give the same document. */
export function impactOf (engine: Engine, symptoms: Iterable<Symptom>, timeMs: number): Impact {
  const all = [...symptoms]
  const radius = blastRadius(engine, all, timeMs)
  const slo = violationsAmong(engine, radius, all)
  const score = incidentScore(worstOf(engine, all, timeMs), radius, slo.length > 0)
  const level = levelOf(score)
  const { cascadeRisk, affected, counts } = radius
  return { level, score, cascadeRisk, affected, counts, slo, summary: summaryOf(level, radius, slo) }
}

/** Promises broken by Services that this is about: a symptom of it, or hit by it. */
function violationsAmong (engine: Engine, { affected }: BlastRadius, symptoms: readonly Symptom[]): SloViolation[] {
  const { standings } = sloBookOf(engine)
  if (standings.length === 0) return []
  const about = new Set([...affected.filter(a => a.state !== 'at_risk').map(a => entityKey(a.entity)), ...symptoms.filter(s => s.role === 'trouble').map(s => entityKey(s.entity))])
  return standings.filter(s => about.has(entityKey(s.entity))).map(s => s.violation).filter(v => v !== undefined)
}

/** Without a tick of processors/impact a symptom has none yet. */
function worstOf (engine: Engine, symptoms: readonly Symptom[], timeMs: number): number {
  const scorer = scorerOf(engine)
  scorer.beginTick()
  return Math.max(0, ...symptoms.map(s => s.impact > 0 ? s.impact : scorer.score(s, timeMs)))
}

/**
 * 1 - (1 - worst symptom)(1 - .4·extent)(1 - .2·cascade risk), extent = w / (w + 4) with w = what failed and is degraded, by kind.
 * A violated SLO is high at least: that is what it was agreed for.
 */
export function incidentScore (worst: number, { counts, failed, cascadeRisk }: Pick<BlastRadius, 'counts' | 'failed' | 'cascadeRisk'>, isSloViolated: boolean): number {
  const w = 2 * failed.services + (counts.services - failed.services) + 2 * counts.nodes + 0.5 * counts.workloads + 0.1 * counts.pods
  const score = 1 - (1 - worst) * (1 - 0.4 * w / (w + 4)) * (1 - 0.2 * cascadeRisk)
  return round(Math.max(score, isSloViolated ? levelFrom.high : 0))
}
