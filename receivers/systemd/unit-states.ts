/** What is known of units, and what their changed properties mean. Pure: signals and answers in, changes out. */
import type { Fact } from './catalogue.js'

/** Values as they come over the bus: org.freedesktop.systemd1(5). */
export interface UnitState {
  readonly active: string
  readonly sub: string
  /** `success`, exit-code, signal, core-dump, watchdog, timeout, start-limit-hit, oom-kill, resources, protocol, ... */
  readonly result: string
  /** 32 hex digits: which run of the unit it is. */
  readonly invocation: string
  /** How the main process ended: SIGCHLD's si_code (1 exited, 2 killed, 3 dumped; 0 = it has not) and code or signal. */
  readonly exitCode: number
  readonly exitStatus: number
  readonly restarts: number
  readonly mainPid: number
  /** When `active` or `sub` last changed, microseconds since the epoch. */
  readonly changedMicros: bigint
  /** The same on the clock that does not jump. */
  readonly changedMonotonicMicros: bigint
}

export interface UnitChange { readonly unit: string, readonly fact: Fact | 'restart_scheduled', readonly before: string, readonly state: UnitState }

export const nothingKnown: UnitState = { active: '', sub: '', result: 'success', invocation: '', exitCode: 0, exitStatus: 0, restarts: 0, mainPid: 0, changedMicros: 0n, changedMonotonicMicros: 0n }

type Values = Readonly<Record<string, unknown>>

const text = (value: unknown, otherwise: string): string => typeof value === 'string' ? value : otherwise
const number = (value: unknown, otherwise: number): number => typeof value === 'number' ? value : otherwise
const micros = (value: unknown, otherwise: bigint): bigint => typeof value === 'bigint' || typeof value === 'number' ? BigInt(value) : otherwise
const hex = (value: unknown, otherwise: string): string => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return Array.isArray(value) ? Buffer.from(value as number[]).toString('hex') : otherwise
}

/** `state` with those of `values` that are there. A signal can be older than an answer that came before it: it says nothing new then. */
export function updated (state: UnitState, values: Values): UnitState {
  const changed = micros(values.StateChangeTimestamp, state.changedMicros)
  const changedMonotonic = micros(values.StateChangeTimestampMonotonic, state.changedMonotonicMicros)
  if (changedMonotonic < state.changedMonotonicMicros) return state
  return {
    active: text(values.ActiveState, state.active),
    sub: text(values.SubState, state.sub),
    result: text(values.Result, state.result),
    invocation: hex(values.InvocationID, state.invocation),
    exitCode: number(values.ExecMainCode, state.exitCode),
    exitStatus: number(values.ExecMainStatus, state.exitStatus),
    restarts: number(values.NRestarts, state.restarts),
    mainPid: number(values.ExecMainPID, state.mainPid),
    changedMicros: changed,
    changedMonotonicMicros: changedMonotonic
  }
}

/**
 * A failed unit that is started again has its next run's id and no result yet while it still says `failed`: that run has not failed. Every
 * type of unit that can fail has a result.
 */
export function hasFailed ({ active, sub, result }: UnitState): boolean {
  return result !== 'success' && (active === 'failed' || sub.startsWith('auto-restart'))
}

const isUp = (active: string): boolean => active === 'active' || active === 'reloading'

/** What happened between two known states. */
export function changesOf (unit: string, before: UnitState, state: UnitState): UnitChange[] {
  const changes: UnitChange[] = []
  const add = (fact: UnitChange['fact']): void => { changes.push({ unit, fact, before: before.active, state }) }
  const isOther = state.invocation !== before.invocation
  if (isUp(state.active) && (isOther || !isUp(before.active))) add('started')
  // One run can fail twice: on its own (failed, then auto-restart), and again when the start limit ends the restarts.
  if (hasFailed(state) && (isOther || !hasFailed(before) || (state.active === 'failed' && before.active !== 'failed'))) add('failed')
  // Between two turns of a crash loop a unit is inactive, and has the next run's id.
  const wasRunning = before.active !== 'inactive' && before.active !== 'failed' && before.active !== ''
  if (state.active === 'inactive' && wasRunning && !isOther && state.result === 'success') add('stopped')
  if (state.restarts > before.restarts) add('restart_scheduled')
  return changes
}

/** More units than this are not told apart; machines have some hundreds. */
const mostUnits = 20_000

export class UnitStates {
  readonly #units = new Map<string, UnitState>()

  get size (): number { return this.#units.size }
  get (unit: string): UnitState | undefined { return this.#units.get(unit) }
  names (): IterableIterator<string> { return this.#units.keys() }
  forget (unit: string): void { this.#units.delete(unit) }

  set (unit: string, state: UnitState): void {
    if (this.#units.has(unit) || this.#units.size < mostUnits) this.#units.set(unit, state)
  }
}
