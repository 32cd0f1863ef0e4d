/** The methods of the API, over the running graph and the store. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { Clock } from '../../component/clock.js'
import type { Logger } from '../../telemetry/logger.js'
import type { ServedService } from '../call.js'
import type { LimitsSchema } from '../gen/tapio/v1/runtime_pb.js'
import type { ApiHost } from '../host.js'
import { Analysis } from './analysis.js'
import type { ReadableStore } from './asking.js'
import { collectorService } from './collectors.js'
import { correlationService } from './correlation.js'
import { eventService } from './events.js'
import { Registry } from './registry.js'
import { Submitter } from './submit.js'
import { tapioService } from './tapio.js'

export type { ReadableStore } from './asking.js'
/** What the API accepts, as GetServiceInfo tells it. */
export type ServiceLimits = MessageInitShape<typeof LimitsSchema>

export interface ServicesOptions {
  readonly host: ApiHost
  /** undefined: nothing is stored here. */
  readonly store: ReadableStore | undefined
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: ServiceLimits
  /** Modules whose `components` export lists factories: AnalyzeEvents takes its processors from them. */
  readonly modules: readonly string[]
}

export function createServices ({ host, store, clock, logger, limits, modules }: ServicesOptions): ServedService[] {
  const submitter = new Submitter(host, clock)
  return [
    tapioService({ host, store, clock, limits }),
    eventService({ store, submitter, clock }),
    correlationService({ store, analysis: new Analysis(modules, logger.child({ part: 'analysis' })), clock }),
    collectorService({ host, registry: new Registry(clock), submitter, clock })
  ]
}
