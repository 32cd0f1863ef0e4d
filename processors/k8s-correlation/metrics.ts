import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const linksMade: MetricDeclaration = { name: 'links', kind: 'counter', unit: '', description: 'Links between symptoms that were found' }
export const pairsCompared: MetricDeclaration = { name: 'compared_pairs', kind: 'counter', unit: '', description: 'Pairs of symptoms that the topology brought together' }
export const leftOut: MetricDeclaration = {
  name: 'cut', kind: 'counter', unit: '', attributes: ['what'],
  description: 'Left out because a bound was reached: `places` (max_places), `candidates` (max_candidates), `watches` (effects that wait for a late cause)'
}
