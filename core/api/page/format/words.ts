/** The words that the API uses and how they are drawn: each colour goes with a sign and a word, for those who see no colours. */

export const levels = ['critical', 'high', 'medium', 'low'] as const
export type Level = (typeof levels)[number]

export function levelOf (word: string | undefined): Level { return levels.find(l => l === word) ?? 'low' }

export const levelSigns: Readonly<Record<Level, string>> = { critical: '▲', high: '◆', medium: '●', low: '○' }

/** In causal order, as in core/correlation/symptom.ts. */
export const layers = ['kernel', 'node', 'net', 'k8s', 'app'] as const
export type Layer = (typeof layers)[number]

export function layerOf (word: string | undefined): Layer { return layers.find(l => l === word) ?? 'app' }

export const layerWords: Readonly<Record<Layer, string>> = { kernel: 'Kernel', node: 'Node', net: 'Network', k8s: 'Kubernetes', app: 'Application' }

export const affectedStates = ['failed', 'degraded', 'at_risk'] as const
export type AffectedState = (typeof affectedStates)[number]

export function stateOf (word: string | undefined): AffectedState { return affectedStates.find(s => s === word) ?? 'at_risk' }

export const stateWords: Readonly<Record<AffectedState, string>> = { failed: 'failed', degraded: 'degraded', at_risk: 'at risk' }
export const stateSigns: Readonly<Record<AffectedState, string>> = { failed: '✕', degraded: '◐', at_risk: '△' }

/** What an OpenTelemetry SeverityNumber or a severity's word is drawn as. */
export function toneOfSeverity (word: string | undefined): 'bad' | 'warn' | 'plain' {
  if (word === undefined) return 'plain'
  if (['critical', 'error', 'high', 'fatal'].includes(word)) return 'bad'
  return ['warning', 'medium', 'warn'].includes(word) ? 'warn' : 'plain'
}

/** What the states of components, collectors and health are drawn as. */
export function toneOfState (word: string | undefined): 'good' | 'warn' | 'bad' | 'plain' {
  if (word === undefined) return 'plain'
  if (['ok', 'connected', 'serving', 'running'].includes(word)) return 'good'
  if (['recoverable_error', 'degraded', 'starting', 'stopping', 'away'].includes(word)) return 'warn'
  return ['permanent_error', 'fatal_error', 'not_serving'].includes(word) ? 'bad' : 'plain'
}

export function spoken (word: string | undefined): string { return (word ?? '').replaceAll('_', ' ') }
