/** Scores in words. Thresholds are the original's: critical from .8, high from .6, medium from .3. */
import type { Impact, Level } from '../incidents/incident.js'
import type { BlastRadius } from './blast-radius.js'

export const levelFrom = { critical: 0.8, high: 0.6, medium: 0.3 } as const

export function levelOf (score: number): Level {
  return score >= levelFrom.critical ? 'critical' : score >= levelFrom.high ? 'high' : score >= levelFrom.medium ? 'medium' : 'low'
}

/** `HIGH - 1 service failed, 3 degraded, 2 nodes affected`: services, then workloads when no service is, nodes, pods when nothing else. */
export function summaryOf (level: Level, { counts, failed }: Pick<BlastRadius, 'counts' | 'failed'>, slo: Impact['slo']): string {
  const parts = [
    counts.services > 0 ? hit('service', failed.services, counts.services) : counts.workloads > 0 ? hit('workload', failed.workloads, counts.workloads) : '',
    counts.nodes > 0 ? `${many(counts.nodes, 'node')} affected` : '',
    counts.services + counts.workloads === 0 && counts.pods > 0 ? hit('pod', failed.pods, counts.pods) : '',
    slo.length > 0 ? `${many(new Set(slo.map(v => v.service)).size, 'SLO')} violated` : ''
  ].filter(part => part !== '')
  return `${level.toUpperCase()} - ${parts.length === 0 ? 'nothing else affected' : parts.join(', ')}`
}

function hit (noun: string, failed: number, all: number): string {
  if (failed === 0) return `${many(all, noun)} degraded`
  return all === failed ? `${many(all, noun)} failed` : `${many(failed, noun)} failed, ${all - failed} degraded`
}

function many (n: number, noun: string): string { return `${n} ${noun}${n === 1 ? '' : 's'}` }
