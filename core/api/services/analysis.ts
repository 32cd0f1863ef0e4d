/**
 * Events explained apart from what the pipelines see: through the same processors as `tapio diagnose`, in this thread, with nothing
 * left behind. One at a time; others wait.
 */
import { accepted, type Outcome } from '../../component/outcome.js'
import type { Consumer, Exporter, Receiver } from '../../component/component.js'
import { defineComponent, type ComponentFactory } from '../../component/factory.js'
import { token } from '../../component/services.js'
import { Options } from '../../config/schema.js'
import type { EventBatch } from '../../data/batch.js'
import type { Incident } from '../../incidents/incident.js'
import { NewestIncidents, neededProcessors, thinkingPipeline } from '../../diagnosis/thinking.js'
import { openCatalog } from '../../instance.js'
import type { Logger } from '../../telemetry/logger.js'
import { ApiError } from '../call.js'

/** Where the events come in, and what comes out of the pipeline. */
interface Ends {
  feed: Consumer | undefined
  readonly collect: (batch: EventBatch) => void
}

const endsToken = token<Ends>('api.analysis')

const signals = ['traces', 'metrics', 'logs', 'profiles', 'events'] as const

/** A catalog of its own, beside that of the build: no configuration can name what needs this file to run it. */
export const components: readonly ComponentFactory[] = [
  defineComponent({
    kind: 'receiver', type: 'analysis', description: 'Brings the events of a request.', stability: 'stable', signals, schema: Options({}), concurrency: 'single', metrics: [], drops: {},
    create (services) {
      services.get(endsToken).feed = services.get('next')
      const receiver: Receiver = {}
      return receiver
    }
  }),
  defineComponent({
    kind: 'exporter', type: 'analysis', description: 'Hands what arrives to the request that waits for it.', stability: 'stable', signals, schema: Options({}), concurrency: 'single', metrics: [], drops: {},
    create (services) {
      const { collect } = services.get(endsToken)
      const exporter: Exporter = { consume (batch): Outcome { collect(batch); return accepted } }
      return exporter
    }
  })
]

/** Rows thought about before others may run. */
const stepRows = 200
const drainTimeoutMs = 60_000
/** Of an analysis that nobody waits for. */
const givenUpTimeoutMs = 500
/** Each holds its events. */
const maxWaiting = 8

export class Analysis {
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  /** `modules`: where the processors come from. */
  constructor (readonly modules: readonly string[], readonly logger: Logger) {}

  /** Worst first. Rejects with the signal's reason when it aborts, with ApiError when the build lacks what it needs. */
  async explain (events: EventBatch, signal: AbortSignal): Promise<Incident[]> {
    if (this.#waiting >= maxWaiting) throw new ApiError('RESOURCE_EXHAUSTED', `${maxWaiting} analyses run or wait already`, { retryAfterMs: 5000 })
    this.#waiting++
    const own = this.#last.then(async () => { signal.throwIfAborted(); return await this.#run(events, signal) }).finally(() => { this.#waiting-- })
    this.#last = own.catch(() => undefined)
    return await own
  }

  async #run (events: EventBatch, signal: AbortSignal): Promise<Incident[]> {
    const newest = new NewestIncidents()
    const ends: Ends = { feed: undefined, collect: batch => { newest.take(batch) } }
    const instance = await this.#build(ends)
    await instance.start()
    try {
      for (let row = 0; row < events.count; row += stepRows) {
        await (ends.feed as Consumer).consume(events.slice(row, Math.min(row + stepRows, events.count)))
        await new Promise(resolve => setImmediate(resolve))
        signal.throwIfAborted()
      }
    } finally {
      // What is still open is judged when the processors stop: the last incidents come then.
      await instance.stop(signal.aborted ? givenUpTimeoutMs : drainTimeoutMs)
    }
    signal.throwIfAborted()
    return newest.ranked()
  }

  async #build (ends: Ends) {
    const known = (await openCatalog(this.modules)).types('processor')
    const missing = neededProcessors.filter(type => !known.includes(type))
    if (missing.length > 0) throw new ApiError('FAILED_PRECONDITION', `this build of Tapio cannot explain events: it lacks the processors ${missing.join(' and ')}`)
    return await thinkingPipeline([...this.modules, import.meta.url], known, this.logger)
      .withOverride(container => { container.registerInstance(endsToken.key, ends) })
      .receiver('analysis').exporter('analysis').build()
  }
}
