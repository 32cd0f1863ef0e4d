/**
 * Follows systemd's signals. A connection begins with a look at all units, and the same look comes again at every
 * `resync_interval`: it finds what a lost signal would have told, and that a quiet bus is gone.
 */
import type { Clock } from '../../core/component/clock.js'
import { Backoff, type RetryPolicy } from '../../core/delivery/backoff.js'
import { wait } from '../../core/delivery/insist.js'
import { Bus, managerInterface, propertiesInterface, type BusSignal } from './bus.js'
import { pathOfUnit, plain, unitOfPath } from './bus-names.js'
import type { SystemdConfig } from './config.js'
import { Globs } from './globs.js'
import type { Reports } from './reports.js'
import { changesOf, hasFailed, nothingKnown, UnitStates, updated, type UnitChange } from './unit-states.js'

export interface BusContext {
  readonly config: SystemdConfig
  readonly clock: Clock
  readonly reports: Reports
  readonly stopping: AbortSignal
  /** In the order of their happening. */
  changed(change: UnitChange): void
  /** A unit that had failed before anyone looked. */
  foundFailed(change: UnitChange): void
}

const reconnectPolicy: RetryPolicy = { initialMs: 250, maxMs: 30_000, multiplier: 2, jitter: 0.25, maxElapsedMs: 0 }

export class BusSource {
  readonly #states = new UnitStates()
  readonly #units: Globs
  readonly #notUnits: Globs
  /** After the first look, what another look finds has happened meanwhile. */
  #looked = false

  constructor (readonly context: BusContext) {
    this.#units = new Globs(context.config.units)
    this.#notUnits = new Globs(context.config.exclude_units)
  }

  /** Until the stop. */
  async run (): Promise<void> {
    const { clock, reports, stopping } = this.context
    let backoff = new Backoff(reconnectPolicy)
    while (!stopping.aborted) {
      const { reason, worked } = await this.#once()
      if (stopping.aborted) return
      if (worked) backoff = new Backoff(reconnectPolicy)
      const nextMs = backoff.next()
      reports.failing('bus', reason, nextMs)
      if (!await wait(nextMs, clock, stopping)) return
    }
  }

  /** One connection, to its end. */
  async #once (): Promise<{ readonly reason: string, readonly worked: boolean }> {
    const { config: { bus: { address, timeout, resync_interval: resyncMs } }, clock, reports, stopping } = this.context
    const over = new AbortController()
    let reason = ''
    let worked = false
    let bus: Bus | undefined
    const end = AbortSignal.any([over.signal, stopping])
    try {
      bus = await Bus.connect({
        address, timeoutMs: timeout, signal: stopping,
        onSignal: signal => { this.#signal(signal) },
        onEnd: why => { reason = why; over.abort() }
      })
      reports.connections.add(1)
      await this.#look(bus)
      worked = true
      reports.works('bus', { address, units: this.#states.size })
      while (await wait(resyncMs, clock, end)) await this.#look(bus)
    } catch (error) {
      if (reason === '') reason = error instanceof Error ? error.message : String(error)
    } finally { bus?.close() }
    return { reason: `${address}: ${reason}`, worked }
  }

  /** Signals that come while the answers do are newer than the list, and win. */
  async #look (bus: Bus): Promise<void> {
    const listed = (await bus.manager('ListUnits'))[0]
    const present = new Set<string>()
    for (const row of Array.isArray(listed) ? listed as unknown[] : []) {
      const [name, , , active, sub] = Array.isArray(row) ? row as unknown[] : []
      if (typeof name !== 'string' || !this.#wanted(name)) continue
      present.add(name)
      const known = this.#states.get(name)
      if (known === undefined || known.active !== active || known.sub !== sub) await this.#ask(bus, name)
    }
    for (const name of [...this.#states.names()]) if (!present.has(name)) this.#states.forget(name)
    this.#looked = true
    this.context.reports.units.set(this.#states.size)
  }

  async #ask (bus: Bus, unit: string): Promise<void> {
    const path = pathOfUnit(unit)
    try {
      const ofUnit = plain(await bus.properties(path, 'Unit'))
      const ofService = unit.endsWith('.service') ? plain(await bus.properties(path, 'Service')) : {}
      const before = this.#states.get(unit)
      const state = updated(before ?? nothingKnown, { ...ofUnit, ...ofService })
      this.#states.set(unit, state)
      if (before !== undefined) this.#tell(changesOf(unit, before, state))
      else if (hasFailed(state)) this.context.foundFailed({ unit, fact: 'failed', before: '', state })
      else if (this.#looked) this.#tell(changesOf(unit, nothingKnown, state).filter(c => c.fact === 'started'))
    } catch (error) {
      // Units come and go while they are asked: only an answer of the bus itself says so, anything else ends the connection.
      if (!isAnswer(error)) throw error
    }
  }

  #signal ({ path, interface: from, member, body }: BusSignal): void {
    this.context.reports.signals.add(1)
    if (from === managerInterface) {
      const [name] = body
      if (member === 'UnitRemoved' && typeof name === 'string') this.#states.forget(name)
      return
    }
    if (from !== propertiesInterface || member !== 'PropertiesChanged') return
    const unit = unitOfPath(path)
    if (unit === undefined || !this.#wanted(unit)) return
    const [of, changed] = body
    const before = this.#states.get(unit)
    const state = updated(before ?? nothingKnown, plain(changed))
    if (of !== 'org.freedesktop.systemd1.Unit') { this.#hold(unit, state); return }
    const settled = this.#settled.get(unit) ?? before ?? nothingKnown
    this.#settled.delete(unit)
    this.#states.set(unit, state)
    if (state.active !== '') this.#tell(changesOf(unit, settled, state))
  }

  /**
   * systemd sends a unit's own properties right after those of its kind (bus_unit_send_change): the second signal of the two
   * completes the state, and is compared with that before the first.
   */
  readonly #settled = new Map<string, typeof nothingKnown>()

  #hold (unit: string, state: typeof nothingKnown): void {
    if (!this.#settled.has(unit)) this.#settled.set(unit, this.#states.get(unit) ?? nothingKnown)
    this.#states.set(unit, state)
  }

  #tell (changes: readonly UnitChange[]): void {
    for (const change of changes) this.context.changed(change)
  }

  #wanted (unit: string): boolean { return this.#units.fit(unit) && !this.#notUnits.fit(unit) }
}

/** An error that a peer answered has its name, `org.freedesktop.DBus.Error.UnknownObject`. */
function isAnswer (error: unknown): boolean {
  return error instanceof Error && 'type' in error && typeof error.type === 'string' && error.type.includes('.')
}
