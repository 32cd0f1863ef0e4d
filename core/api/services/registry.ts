/**
 * Collectors that registered themselves: programs of others that speak this API. Kept in memory: after a restart of Tapio they
 * register again, with the configuration that is the default.
 */
import type { Clock } from '../../component/clock.js'
import { ApiError } from '../call.js'
import { defaultSettings, etagOf, type CollectorSettings } from '../messages/collector-config.js'
import { ofOneSecond, type TokenBucket } from '../../recovery/token-bucket.js'

/** As a collector says itself. */
export interface Identity {
  readonly id: string
  readonly type: string
  readonly version: string
  readonly host: string
  readonly labels: Readonly<Record<string, string>>
  readonly capabilities: readonly string[]
}

/** After so many intervals without a sign of life it is away. */
const missedBeats = 3

export class RegisteredCollector {
  identity: Identity
  /** As it said with its last sign of life. */
  state = 'ok'
  reason = ''
  events = 0
  rejected = 0
  lastSeenMs: number
  /** It was unregistered: its streams end. */
  isGone = false
  readonly registeredMs: number
  #settings = defaultSettings
  #etag = etagOf(defaultSettings)
  #budget: TokenBucket | undefined
  #changed = signalOf()

  constructor (identity: Identity, readonly clock: Clock) {
    this.identity = identity
    this.registeredMs = this.lastSeenMs = clock.unixMs()
  }

  get settings (): CollectorSettings { return this.#settings }
  get etag (): string { return this.#etag }

  /** `away` when it has not been heard of for long; else what it said of itself. */
  get stateNow (): string { return this.clock.unixMs() - this.lastSeenMs > missedBeats * this.#settings.heartbeatMs ? 'away' : this.state }

  seen (): void { this.lastSeenMs = this.clock.unixMs() }

  change (settings: CollectorSettings): void {
    this.#settings = settings
    this.#etag = etagOf(settings)
    this.#budget = settings.maxEventsPerSecond === 0 ? undefined : ofOneSecond(settings.maxEventsPerSecond, this.clock.monotonicMs())
    this.#tell()
  }

  forget (): void {
    this.isGone = true
    this.#tell()
  }

  /** Resolves at the next change of its settings, or when it is forgotten. */
  changed (): Promise<void> { return this.#changed.promise }

  /** Takes `count` events from what it may bring now: 0, or the milliseconds until it may bring some. */
  admit (count: number): number {
    const budget = this.#budget
    if (budget === undefined) return 0
    if (budget.available(this.clock.monotonicMs()) < 1) return budget.waitMs()
    budget.take(count)
    return 0
  }

  #tell (): void {
    const { fire } = this.#changed
    this.#changed = signalOf()
    fire()
  }
}

function signalOf (): { readonly promise: Promise<void>, readonly fire: () => void } {
  let fire = (): void => undefined
  const promise = new Promise<void>(resolve => { fire = resolve })
  return { promise, fire }
}

const defaultMaxCollectors = 10_000

export class Registry {
  readonly #collectors = new Map<string, RegisteredCollector>()

  constructor (readonly clock: Clock, readonly maxCollectors = defaultMaxCollectors) {}

  /** One that is known keeps its configuration and counts. Throws ApiError when there are too many that live. */
  register (identity: Identity): RegisteredCollector {
    const known = this.#collectors.get(identity.id)
    if (known !== undefined) {
      known.identity = identity
      known.seen()
      return known
    }
    if (this.#collectors.size >= this.maxCollectors) this.#makeRoom()
    const collector = new RegisteredCollector(identity, this.clock)
    this.#collectors.set(identity.id, collector)
    return collector
  }

  get (id: string): RegisteredCollector | undefined { return this.#collectors.get(id) }

  all (): RegisteredCollector[] { return [...this.#collectors.values()] }

  unregister (id: string): boolean {
    this.#collectors.get(id)?.forget()
    return this.#collectors.delete(id)
  }

  /** The one that has been away longest goes. */
  #makeRoom (): void {
    const away = this.all().filter(c => c.stateNow === 'away').sort((a, b) => a.lastSeenMs - b.lastSeenMs)[0]
    if (away === undefined) throw new ApiError('RESOURCE_EXHAUSTED', `${this.maxCollectors} collectors are registered and live; unregister some`)
    this.unregister(away.identity.id)
  }
}
