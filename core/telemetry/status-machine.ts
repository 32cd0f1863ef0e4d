/**
 * Which state of a component may follow which. The Collector's machine (docs/component-status.md and
 * service/internal/status/status.go), where `created` is its None; its FatalError is `Host.fail` here, and `degraded`
 * (component/status.ts) is ours.
 */
import type { ComponentState } from '../component/status.js'

const next: Readonly<Record<ComponentState, readonly ComponentState[]>> = {
  created: ['starting'],
  starting: ['ok', 'degraded', 'recoverable_error', 'permanent_error', 'stopping'],
  ok: ['degraded', 'recoverable_error', 'permanent_error', 'stopping'],
  degraded: ['ok', 'recoverable_error', 'permanent_error', 'stopping'],
  recoverable_error: ['ok', 'degraded', 'permanent_error', 'stopping'],
  permanent_error: ['stopping'],
  stopping: ['recoverable_error', 'permanent_error', 'stopped'],
  stopped: []
}

export function isLegalTransition (from: ComponentState, to: ComponentState): boolean {
  return next[from].includes(to)
}

/** A state from which readiness is false. */
export function isFailing (state: ComponentState): boolean {
  return state === 'recoverable_error' || state === 'permanent_error'
}
