import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const resources: MetricDeclaration = {
  name: 'k8s_resources', kind: 'counter', unit: '', attributes: ['outcome'],
  description: 'Resources of batches: `enriched`, or `unknown` when no pod was found for them'
}
export const cacheMisses: MetricDeclaration = { name: 'k8s_cache_misses', kind: 'counter', unit: '', description: 'Resources that had to be looked up and patched: new ones, and those whose pod had changed' }
export const knownPods: MetricDeclaration = { name: 'k8s_pods', kind: 'gauge', unit: '', description: 'Pods known, without deleted ones' }
