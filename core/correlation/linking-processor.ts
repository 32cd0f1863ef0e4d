/** What the two correlating processors do alike: an analyzer at its stage of the engine, rows that pass untouched, and links that follow them. */
import type { Consumer, Processor } from '../component/component.js'
import type { Outcome } from '../component/outcome.js'
import type { Services } from '../component/services.js'
import type { EventBatch } from '../data/batch.js'
import type { Counter } from '../telemetry/meter.js'
import { engineOf, type Analyzer, type Engine, type StageName } from './engine.js'
import { FedCheck } from './fed-check.js'
import { LinkOutlet } from './link-outlet.js'
import type { ScoredLink } from './topology-linker.js'

export interface LinkingConfig {
  readonly min_correlation_score: number
  readonly emit_links: boolean
}

/** A counter that follows a figure of the analyzer's. */
export interface Followed { readonly counter: Counter, readonly read: () => number }

export interface Linking<A extends Analyzer> {
  readonly stage: StageName
  readonly config: LinkingConfig
  readonly analyzer: (engine: Engine, onLink: (link: ScoredLink) => void) => A
  readonly counters: (analyzer: A) => readonly Followed[]
}

export class LinkingProcessor<A extends Analyzer> implements Processor {
  readonly #next: Consumer
  readonly #outlet: LinkOutlet
  readonly #fed: FedCheck

  constructor (services: Services, { stage, config, analyzer: make, counters }: Linking<A>) {
    const engine = engineOf(services.get('shared'))
    this.#next = services.get('next')
    const outlet = this.#outlet = new LinkOutlet(stage, this.#next, services.get('clock'), services.get('drops'))
    this.#fed = new FedCheck(engine, stage, services.get('logger'), services.get('status'))
    const analyzer = make(engine, ({ link, score, effect }) => { if (config.emit_links && score >= config.min_correlation_score) outlet.add({ link, effect }) })
    const follow = follower(counters(analyzer))
    engine.use(stage, { tick: tick => { analyzer.tick(tick); follow() }, end: () => { analyzer.end?.() } })
  }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    this.#fed.saw(batch.count)
    return this.#outlet.after(this.#next.consume(batch))
  }

  async stop (): Promise<void> { await this.#outlet.close() }
}

/** Adds what has changed since the last call. */
function follower (followed: readonly Followed[]): () => void {
  const told = followed.map(() => 0)
  return () => {
    followed.forEach(({ counter, read }, i) => {
      const now = read()
      if (now > (told[i] as number)) counter.add(now - (told[i] as number))
      told[i] = now
    })
  }
}
