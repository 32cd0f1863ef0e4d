/**
 * Events that are all there already, explained at once: what `tapio diagnose` does with a dump and the API with the events of a request.
 * They come as one burst of what happened over days, not in the order of time: one thought at the end is enough, nothing is over because
 * nothing more comes, and an object that is wrongly made is told even if no event complains.
 */
import { pipelineOf, type PipelineBuilder } from '../builder.js'
import type { EventBatch } from '../data/batch.js'
import type { Incident } from '../incidents/incident.js'
import { incidentOfRow } from '../story/rows.js'
import { byImportance } from '../story/select.js'
import type { Logger } from '../telemetry/logger.js'

/** In the order of the flow. */
const processors: readonly (readonly [type: string, config: Readonly<Record<string, unknown>> | null])[] = [
  ['context', { tick: '1h', keep: '7d' }],
  ['k8s_correlation', null],
  ['temporal_correlation', null],
  ['impact', null],
  ['incident', { silent_findings: true, group_retention_period: '7d', resolve_after: '7d', open_weight: 0.2 }]
]

/** Without these there is nothing to tell; what the others would add is missed, no more. */
export const neededProcessors: readonly string[] = ['context', 'incident']

/** A pipeline in this thread that lacks its receiver and its exporter. `known`: processors of the build. */
export function thinkingPipeline (modules: readonly string[], known: readonly string[], logger: Logger): PipelineBuilder {
  const pipeline = pipelineOf(modules).withMode('debug').withLogger(logger)
    .withService({ tracing: false, profiling: false, telemetry: { metrics: { enabled: false } } })
  for (const [type, config] of processors) if (neededProcessors.includes(type) || known.includes(type)) pipeline.processor(type, config)
  return pipeline
}

/** The incidents among the rows that leave such a pipeline, each in its newest version. */
export class NewestIncidents {
  readonly #newest = new Map<string, Incident>()

  take (batch: EventBatch): void {
    for (const row of batch) {
      const incident = incidentOfRow(row)
      if (incident !== undefined && (this.#newest.get(incident.id)?.version ?? 0) <= incident.version) this.#newest.set(incident.id, incident)
    }
  }

  /** Worst first; without those that became part of another. */
  ranked (): Incident[] { return [...this.#newest.values()].filter(i => i.mergedInto === undefined).sort(byImportance) }
}
