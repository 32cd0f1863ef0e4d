/**
 * Whether Tapio lives and whether it delivers. Fed by the graph's lifecycle (`report` with starting, ok, stopping, stopped),
 * by components (`reporterFor`, or reports posted from workers) and by `Host.fail`.
 *
 *  - **live**: the process's loop turns (else nobody would answer) and no component has asked the process to end. A
 *    supervisor restarts what is not live, so failing delivery must not make it false: a restart cures no backend.
 *  - **ready**: the graph is started, and no component is in recoverable or permanent error. An exporter that cannot deliver
 *    is in recoverable error, so readiness tells the truth about delivery, which the Collector's health check does not
 *    (contrib#11780, core#13013).
 */
import type { Clock } from '../component/clock.js'
import type { ComponentId } from '../component/id.js'
import type { ComponentState, StatusReporter } from '../component/status.js'
import type { Logger } from './logger.js'
import { isFailing, isLegalTransition } from './status-machine.js'
import { componentKey, createStatusReporter, type ComponentPlace, type StatusReport } from './status-reporter.js'

export type GraphPhase = 'created' | 'starting' | 'running' | 'stopping' | 'stopped'

export interface ComponentHealth {
  readonly component: string
  readonly state: ComponentState
  /** When it came into this state, ISO 8601; a new reason does not change it. */
  readonly since: string
  /** Empty unless it is degraded or in error. */
  readonly reason: string
}

export interface Liveness { readonly live: boolean, readonly failures: readonly { readonly component: string, readonly reason: string }[] }
/** `failing` holds each component that keeps the process from being ready. */
export interface Readiness { readonly ready: boolean, readonly graph: GraphPhase, readonly failing: readonly ComponentHealth[] }

export interface HealthSnapshot extends Liveness, Readiness { readonly components: readonly ComponentHealth[] }

export type HealthListener = (health: ComponentHealth, before: ComponentState) => void

interface Entry { state: ComponentState, sinceMs: number, reason: string }

/** Failures kept: the first ones matter, and a component in a loop must not fill memory. */
const maxFailures = 16

export class HealthBoard {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #entries = new Map<string, Entry>()
  readonly #failures: { component: string, reason: string }[] = []
  readonly #listeners = new Set<HealthListener>()
  #graph: GraphPhase = 'created'

  constructor (clock: Clock, logger: Logger) {
    this.#clock = clock
    this.#logger = logger
  }

  /** The status service of a component on this thread; the component appears on the board at once, as `created`. */
  reporterFor (id: ComponentId, place: ComponentPlace = {}): StatusReporter {
    const component = componentKey(id, place)
    this.add(component)
    return createStatusReporter(component, report => this.report(report))
  }

  /** Puts a component on the board as `created`, also one that was there: a restarted worker's begins its life anew. */
  add (component: string): void {
    this.#entries.set(component, { state: 'created', sinceMs: this.#clock.unixMs(), reason: '' })
  }

  /** Takes a component off the board: it left the graph by a reload. */
  remove (component: string): void {
    this.#entries.delete(component)
  }

  /** One step of a component's life. Steps the machine does not know are ignored and logged at debug. */
  report ({ component, state, reason }: StatusReport): void {
    const entry = this.#entries.get(component)
    if (entry === undefined || (entry.state !== state && !isLegalTransition(entry.state, state))) {
      this.#logger.debug('a status report was ignored', { component, from: entry?.state ?? 'unknown', to: state, reason })
      return
    }
    const before = entry.state
    const why = isFailing(state) || state === 'degraded' ? reason : ''
    if (before === state && entry.reason === why) return
    if (before !== state) entry.sinceMs = this.#clock.unixMs()
    entry.state = state
    entry.reason = why
    this.#tell(toHealth(component, entry), before)
  }

  /** A component asked the process to end (`Host.fail`). */
  fail (component: string, reason: string): void {
    if (this.#failures.length < maxFailures) this.#failures.push({ component, reason })
  }

  setGraph (phase: GraphPhase): void {
    this.#graph = phase
  }

  /** Calls `listener` after every change of state or reason; the returned function ends that. */
  onChange (listener: HealthListener): () => void {
    this.#listeners.add(listener)
    return () => { this.#listeners.delete(listener) }
  }

  liveness (): Liveness {
    return { live: this.#failures.length === 0, failures: [...this.#failures] }
  }

  readiness (): Readiness {
    const failing = this.#components().filter(c => isFailing(c.state))
    return { ready: this.#graph === 'running' && failing.length === 0 && this.#failures.length === 0, graph: this.#graph, failing }
  }

  /** Everything, components sorted by name. */
  snapshot (): HealthSnapshot {
    return { ...this.liveness(), ...this.readiness(), components: this.#components() }
  }

  #components (): ComponentHealth[] {
    return [...this.#entries].sort(([a], [b]) => a < b ? -1 : 1).map(([component, entry]) => toHealth(component, entry))
  }

  #tell (health: ComponentHealth, before: ComponentState): void {
    for (const listener of this.#listeners) {
      try {
        listener(health, before)
      } catch (error) {
        // Whoever reported must not suffer from whoever listens.
        this.#logger.error('a health listener threw', { error })
      }
    }
  }
}

function toHealth (component: string, { state, sinceMs, reason }: Entry): ComponentHealth {
  return { component, state, since: new Date(sinceMs).toISOString(), reason }
}
