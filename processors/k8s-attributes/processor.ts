import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Consumer, Processor } from '../../core/component/component.js'
import type { Outcome } from '../../core/component/outcome.js'
import { Tokens } from '../../core/component/services.js'
import type { StatusReporter } from '../../core/component/status.js'
import type { EventBatch } from '../../core/data/batch.js'
import { Associations } from '../../core/enrich/associate.js'
import { Enricher } from '../../core/enrich/enricher.js'
import type { Logger } from '../../core/telemetry/logger.js'
import type { Counter, Gauge, Meter } from '../../core/telemetry/meter.js'
import type { K8sAttributesConfig } from './config.js'
import { cacheMisses, knownPods, resources } from './metrics.js'
import { acquire, type SourceState } from './pod-source.js'

@injectable()
export class K8sAttributesProcessor implements Processor {
  #enricher: Enricher | undefined
  #release: (() => Promise<void>) | undefined
  #unsubscribe: () => void = () => undefined
  readonly #enriched: Counter
  readonly #unknown: Counter
  readonly #misses: Counter
  readonly #pods: Gauge

  constructor (
    @inject(Tokens.config) readonly config: K8sAttributesConfig,
    @inject(Tokens.next) readonly next: Consumer,
    @inject(Tokens.clock) readonly clock: Clock,
    @inject(Tokens.logger) readonly logger: Logger,
    @inject(Tokens.status) readonly status: StatusReporter,
    @inject(Tokens.meter) meter: Meter
  ) {
    this.#enriched = meter.counter(resources, { outcome: 'enriched' })
    this.#unknown = meter.counter(resources, { outcome: 'unknown' })
    this.#misses = meter.counter(cacheMisses)
    this.#pods = meter.gauge(knownPods)
  }

  async start (): Promise<void> {
    const { source, release } = acquire(this.config, this.clock, this.logger)
    this.#release = release
    const { index } = source
    this.#enricher = new Enricher(index, new Associations(this.config.pod_association, index), this.config.extract.metadata, this.config.max_cache_size)
    const known = new Promise<string>(resolve => {
      this.#unsubscribe = source.subscribe(state => {
        this.#report(state)
        if (state.state === 'listed' || state.state === 'watching') resolve('')
        if (state.state === 'impossible') resolve(state.reason)
      })
    })
    if (this.config.wait_for_metadata) await this.#wait(known)
  }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    const enricher = this.#enricher
    if (enricher === undefined || batch.count === 0) return this.next.consume(batch)
    const enriched = enricher.enrich(batch)
    this.#count(enricher)
    return this.next.consume(enriched)
  }

  async stop (): Promise<void> {
    this.#unsubscribe()
    const release = this.#release
    this.#release = undefined
    await release?.()
  }

  async #wait (known: Promise<string>): Promise<void> {
    const { wait_for_metadata_timeout: timeoutMs } = this.config
    let cancel = (): void => undefined
    const late = new Promise<string>(resolve => { cancel = this.clock.after(timeoutMs, () => resolve(`the pods were not listed within ${timeoutMs} ms (wait_for_metadata_timeout)`)) })
    const fault = await Promise.race([known, late])
    cancel()
    if (fault === '') return
    await this.stop()
    throw new Error(fault)
  }

  #report (state: SourceState): void {
    switch (state.state) {
      case 'listed':
        this.logger.info('pods are known', { pods: state.objects })
        break
      case 'watching':
        this.status.ok()
        break
      case 'failing':
        this.logger.warn('the API server does not answer; pods stay as last known', { reason: state.reason })
        this.status.recoverableError(state.reason)
        break
      case 'denied':
        this.logger.warn('pods may not be listed: resources pass without pod attributes until the rights are granted (get, list, watch on pods)', { reason: state.reason })
        this.status.recoverableError(state.reason)
        break
      case 'impossible':
        this.logger.warn('no access to an API server: resources pass without pod attributes', { reason: state.reason })
        this.status.permanentError(state.reason)
    }
  }

  #count (enricher: Enricher): void {
    if (enricher.enriched > 0) this.#enriched.add(enricher.enriched)
    if (enricher.unknown > 0) this.#unknown.add(enricher.unknown)
    if (enricher.misses > 0) {
      this.#misses.add(enricher.misses)
      this.#pods.set(enricher.index.liveCount)
    }
    enricher.enriched = enricher.unknown = enricher.misses = 0
  }
}
