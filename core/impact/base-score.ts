/** How bad what happened is by itself, wherever it happened: 0 to 1. Steps are the original's assessment (README.md). */
import type { Symptom } from '../correlation/symptom.js'
import { levelFrom } from './level.js'
import { effectOf, type Effect } from './effects.js'

const byEffect: Readonly<Record<Effect, number>> = { down: 0.8, impaired: 0.6, pressure: 0.5 }

/** The first that fits. Whole words of the sign. */
const bySign: readonly (readonly [words: RegExp, base: number])[] = ([
  ['panic|hung_task|lockup', 1],
  ['node\\.(?:not_ready|unreachable|lost|down)|corruption|data_loss', 0.95],
  ['oom_kill|oom_killed|container_oom_killed|no_endpoints|fatal', 0.9],
  ['crash_?loop|back_?off|failed_mount|failed_attach|failed_attach_volume|slo_burn|evicted', 0.8],
  ['failed_scheduling|unschedulable|image_pull|server_error|timeout|refused|reset|unreachable|span_error|error', 0.7],
  ['warning|slow|throttled|retransmit', 0.5]
] as const).map(([words, base]) => [new RegExp(`(?:^|[._])(?:${words})(?:$|[._])`), base])

const fatalWords = /\b(?:kernel panic|panic|fatal|segfault|segmentation fault|out of memory|oom[-_ ]?kill(?:ed|er)?)\b/i
/** SeverityNumber. */
const severityFatal = 21
const severityWarn = 13

export function baseScore (symptom: Symptom): number {
  if (symptom.role === 'recovery') return 0.1
  if (symptom.role === 'change') return 0.25
  const known = bySign.find(([words]) => words.test(symptom.sign))?.[1] ?? byEffect[effectOf(symptom)]
  const base = symptom.severity >= severityFatal ? Math.max(known, 0.9) : symptom.severity > 0 && symptom.severity < severityWarn ? known * 0.6 : known
  return symptom.role === 'finding' ? Math.min(base, 0.7) : base
}

/** What no place makes less than this: a panic or a fatal error is critical in production, high elsewhere. */
export function floorOf (symptom: Symptom, isProduction: boolean): number {
  if (symptom.role !== 'trouble') return 0
  const isCritical = symptom.severity >= severityFatal || /(?:^|[._])panic(?:$|[._])/.test(symptom.sign) || symptom.evidence.some(e => fatalWords.test(e.message.slice(0, 1024)))
  return isCritical ? isProduction ? levelFrom.critical : levelFrom.high : 0
}
