/** A dump of a cluster through the whole of Tapio's thinking, in this process: what comes out is its incidents. */
import { Options } from '../config/schema.js'
import type { Exporter } from '../component/component.js'
import { defineComponent, type ComponentFactory } from '../component/factory.js'
import { accepted, type Outcome } from '../component/outcome.js'
import { token } from '../component/services.js'
import { NewestIncidents, thinkingPipeline } from '../diagnosis/thinking.js'
import { openCatalog, type Instance } from '../instance.js'
import type { EventBatch } from '../data/batch.js'
import type { Incident } from '../incidents/incident.js'
import type { Logger } from '../telemetry/logger.js'
import type { MetricAttributes } from '../telemetry/meter.js'
import { valueOf } from '../telemetry/snapshot.js'

/** Gets every batch that comes out of the pipeline. */
export type Collect = (batch: EventBatch) => void

const collectToken = token<Collect>('cli.collect')

/** A catalog of its own, beside that of the build: no configuration can name what needs this file to run it. */
export const components: readonly ComponentFactory[] = [defineComponent({
  kind: 'exporter', type: 'collect', description: 'Hands what arrives to the command that runs this pipeline.', stability: 'stable', signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema: Options({}), concurrency: 'single', metrics: [], drops: {},
  create (services) {
    const collect = services.get(collectToken)
    const exporter: Exporter = { consume (batch): Outcome { collect(batch); return accepted } }
    return exporter
  }
})]

export interface DiagnosisOptions {
  readonly paths: readonly string[]
  /** Where components come from. */
  readonly modules: readonly string[]
  readonly logger: Logger
  /** RFC 3339; left out: what the dump says. */
  readonly collectedAt?: string
  /** Rows seen so far, called often. */
  readonly onProgress?: (events: number) => void
}

export interface Diagnosis {
  /** Best first (core/story/select.ts). */
  readonly incidents: readonly Incident[]
  /** What was read. */
  readonly events: number
  /** Of those, what a component failed at: the log says which. */
  readonly lost: number
}

/** Rejects with ConfigError when a component is not in the build, and with the reason when a path cannot be read. */
export async function diagnose (options: DiagnosisOptions): Promise<Diagnosis> {
  const { paths, modules, logger, collectedAt, onProgress } = options
  const newest = new NewestIncidents()
  let rows = 0
  const collect: Collect = batch => {
    onProgress?.(rows += batch.count)
    newest.take(batch)
  }
  const known = (await openCatalog(modules)).types('processor')
  const pipeline = thinkingPipeline([...modules, import.meta.url], known, logger)
    .withOverride(container => { container.registerInstance(collectToken.key, collect) })
    .receiver('snapshot', { paths, objects: 'all', on_end: 'stop', ...(collectedAt !== undefined && { collected_at: collectedAt }) })
  const instance = await pipeline.exporter('collect').build()
  const broken = permanentError(instance)
  await instance.start()
  const failure = await Promise.race([instance.endRequested.then(end => end.kind === 'failed' ? end.reason : undefined), broken])
  // What is still open is judged when the processors stop: the last incidents come then.
  await instance.stop(drainTimeoutMs)
  if (failure !== undefined) throw new Error(failure)
  const snapshot = instance.snapshot()
  const edges = (what: string, of: MetricAttributes): number => Number(valueOf(snapshot, `tapio_edge_${what}_events_total`, of))
  const first = { from: 'receiver/snapshot' }
  // A refusal goes back along all edges, so it counts at the first; what was taken and lost later counts where that happened.
  const lost = Math.max(edges('rejected', first) + edges('refused', first), edges('dropped', {}))
  const events = edges('sent', first)
  return { incidents: newest.ranked(), events, lost }
}

/** Longer than any dump takes: all work was done before. */
const drainTimeoutMs = 600_000

/** A component that can never work: nobody would ask for the end. */
function permanentError (instance: Instance): Promise<string> {
  return new Promise(resolve => {
    instance.runtime.health.onChange(({ component, state, reason }) => { if (state === 'permanent_error') resolve(`${component}: ${reason}`) })
  })
}
