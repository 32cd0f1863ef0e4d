/** Resources of OTLP rows with what the cluster model knows of their pods. Tapio's own events have that in their entity columns. */
import type { EventBatch } from '../../core/data/batch.js'
import { Signal } from '../../core/data/enums.js'
import { Associations } from '../../core/enrich/associate.js'
import { Enricher } from '../../core/enrich/enricher.js'
import { metadataNames, type Association } from '../../core/enrich/vocabulary.js'
import type { PodIndex } from '../../core/topology/pod-index.js'

const by = (name: 'k8s.pod.uid' | 'container.id' | 'k8s.pod.ip'): Association => ({ sources: [{ from: 'resource_attribute', name }] })

/** The first that finds a pod counts. */
const associations: readonly Association[] = [
  by('k8s.pod.uid'), by('container.id'), by('k8s.pod.ip'),
  { sources: [{ from: 'resource_attribute', name: 'k8s.namespace.name' }, { from: 'resource_attribute', name: 'k8s.pod.name' }] },
  { sources: [{ from: 'connection' }] }
]
/** Of finished resources. */
const maxBytes = 32 * 1024 * 1024

export class Enrichment {
  readonly #enricher: Enricher

  constructor (readonly pods: PodIndex) { this.#enricher = new Enricher(pods, new Associations(associations, pods), metadataNames, maxBytes) }

  enrich (batch: EventBatch): EventBatch {
    const isEmpty = this.pods.liveCount === 0 && this.pods.deletedCount === 0
    return isEmpty || batch.oneSignal === Signal.events ? batch : this.#enricher.enrich(batch)
  }
}
