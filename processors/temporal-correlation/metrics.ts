import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const linksMade: MetricDeclaration = { name: 'temporal_links', kind: 'counter', unit: '', description: 'Links between symptoms that were found' }
export const onsetsSeen: MetricDeclaration = { name: 'onsets', kind: 'counter', unit: '', description: 'Symptoms that began, or began anew after some quiet' }
export const leftOut: MetricDeclaration = {
  name: 'temporal_cut', kind: 'counter', unit: '', attributes: ['what'],
  description: 'Left out because a bound was reached: `pairs` (forgotten for max_pairs), `companions` (onsets near one in time that were not compared)'
}
