import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Consumer, Processor } from '../../core/component/component.js'
import type { Outcome } from '../../core/component/outcome.js'
import type { StatusReporter } from '../../core/component/status.js'
import { Tokens, type Drops, type Shared } from '../../core/component/services.js'
import { engineOf, type Analyzer, type Tick } from '../../core/correlation/engine.js'
import { FedCheck } from '../../core/correlation/fed-check.js'
import { LinkOutlet } from '../../core/correlation/link-outlet.js'
import { TopologyLinker, type ScoredLink } from '../../core/correlation/topology-linker.js'
import type { EventBatch } from '../../core/data/batch.js'
import type { Logger } from '../../core/telemetry/logger.js'
import type { Meter } from '../../core/telemetry/meter.js'
import type { K8sCorrelationConfig } from './config.js'
import { leftOut, linksMade, pairsCompared } from './metrics.js'

@injectable()
export class K8sCorrelationProcessor implements Processor, Analyzer {
  readonly #linker: TopologyLinker
  readonly #outlet: LinkOutlet
  readonly #fed: FedCheck
  readonly #report: () => void

  constructor (
    @inject(Tokens.config) readonly config: K8sCorrelationConfig,
    @inject(Tokens.next) readonly next: Consumer,
    @inject(Tokens.shared) shared: Shared,
    @inject(Tokens.clock) clock: Clock,
    @inject(Tokens.drops) drops: Drops,
    @inject(Tokens.logger) logger: Logger,
    @inject(Tokens.status) status: StatusReporter,
    @inject(Tokens.meter) meter: Meter
  ) {
    const engine = engineOf(shared)
    this.#outlet = new LinkOutlet('k8s_correlation', next, clock, drops)
    this.#fed = new FedCheck(engine, 'k8s_correlation', logger, status)
    const options = { windowMs: config.time_window, skewMs: config.clock_skew, maxCandidates: config.max_candidates, maxPlaces: config.max_places }
    this.#linker = new TopologyLinker(engine, options, scored => { this.#tell(scored) })
    this.#report = reporter(this.#linker, meter)
    engine.use('k8s_correlation', this)
  }

  tick (tick: Tick): void {
    this.#linker.tick(tick)
    this.#report()
  }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    this.#fed.saw(batch.count)
    return this.#outlet.after(this.next.consume(batch))
  }

  async stop (): Promise<void> { await this.#outlet.close() }

  #tell ({ link, score, effect }: ScoredLink): void {
    if (this.config.emit_links && score >= this.config.min_correlation_score) this.#outlet.add({ link, effect })
  }
}

/** Adds what has changed since the last call. */
function reporter (linker: TopologyLinker, meter: Meter): () => void {
  const series = [
    { counter: meter.counter(linksMade), read: () => linker.counts.links, told: 0 },
    { counter: meter.counter(pairsCompared), read: () => linker.counts.pairs, told: 0 },
    { counter: meter.counter(leftOut, { what: 'places' }), read: () => linker.counts.cut.places, told: 0 },
    { counter: meter.counter(leftOut, { what: 'candidates' }), read: () => linker.counts.cut.candidates, told: 0 },
    { counter: meter.counter(leftOut, { what: 'watches' }), read: () => linker.evictedWatches, told: 0 }
  ]
  return () => {
    for (const s of series) {
      const now = s.read()
      if (now > s.told) s.counter.add(now - s.told)
      s.told = now
    }
  }
}
