/** A replay from its claim to its end: a Tapio of its own runs in this process until all is sent. */
import { Instance, openCatalog, planConfig } from '../instance.js'
import type { ResolvedConfig } from '../config/shape.js'
import type { Logger } from '../telemetry/logger.js'
import { claimAll } from './claim.js'
import { PlaceError, type Place } from './places.js'
import { taskToken, type ReplayTask } from './receiver.js'
import { ReplayReport } from './report.js'

export interface ReplayOptions extends Omit<ReplayTask, 'places' | 'report'> {
  readonly places: readonly Place[]
  /** Made by rewire.ts: fed by the receiver `replay` alone. */
  readonly config: ResolvedConfig
  /** Of the build. */
  readonly modules: readonly string[]
  readonly logger: Logger
  /** Ends it: what is under way may be answered for `drainMs`. */
  readonly signal: AbortSignal
}

const drainMs = 10_000
/** Where the receiver comes from. */
export const replayModule = new URL('receiver.js', import.meta.url).href

/** Rejects with an error for people when it cannot begin, or cannot go on. `report` counts on until then. */
export async function replay (options: ReplayOptions, report = new ReplayReport()): Promise<ReplayReport> {
  const { config, modules, logger, signal, whenDelivered } = options
  const catalog = await openCatalog([...modules, replayModule])
  const planned = planConfig(config, catalog)
  if (!planned.ok) throw new PlaceError(planned.faults.map(f => `${f.path.join('.')}: ${f.message} (--set changes it for this replay alone)`).join('\n'))
  const places = await claimAll(options.places, whenDelivered.kind !== 'keep')
  // Components wait with timers that keep nothing alive; between two attempts of an exporter there may be nothing else that does.
  const alive = setInterval(() => undefined, 2 ** 30)
  try {
    const task: ReplayTask = { ...options, places, report }
    const instance = new Instance(config, planned.plan, logger, [container => { container.registerInstance(taskToken.key, task) }])
    await instance.start()
    const failure = await Promise.race([instance.endRequested.then(end => end.kind === 'failed' ? end.reason : ''), aborted(signal)])
    await instance.stop(drainMs)
    if (failure !== '') throw new PlaceError(failure)
    return report
  } finally {
    clearInterval(alive)
    for (const { release } of places) await release()
  }
}

function aborted (signal: AbortSignal): Promise<string> {
  return new Promise(resolve => {
    if (signal.aborted) resolve('')
    else signal.addEventListener('abort', () => { resolve('') }, { once: true })
  })
}
