/** What a check of `tapio doctor` found, and what it may look at. */
import type { Prepared } from '../prepare.js'

/** `fault`: it will not work so. `warning`: it works, with less than there could be, or may stop working. */
export type Level = 'ok' | 'warning' | 'fault'

export interface Finding {
  readonly level: Level
  /** What was looked at: `node`, `receivers.otlp.protocols.grpc.endpoint`. */
  readonly name: string
  readonly found: string
  /** What to do; left out when there is nothing to do. */
  readonly action?: string
}

export interface Patient {
  /** Undefined: no configuration was given, so only the machine is looked at. */
  readonly prepared: Prepared | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly modules: readonly string[]
  /** Where `/proc`, `/sys`, `/run` are: '' but in tests. */
  readonly root: string
  readonly nowMs: number
  /** Aborted when the time of the check is over, or on Ctrl-C. */
  readonly signal: AbortSignal
}

export interface Check {
  /** Findings of an area stand together: `machine`, `ports`. */
  readonly area: string
  readonly name: string
  /** Changes nothing on the machine or elsewhere, and speaks over the network only to what the configuration names. */
  run(patient: Patient): Promise<readonly Finding[]>
}

export const ok = (name: string, found: string): Finding => ({ level: 'ok', name, found })
export const warning = (name: string, found: string, action: string): Finding => ({ level: 'warning', name, found, action })
export const fault = (name: string, found: string, action: string): Finding => ({ level: 'fault', name, found, action })
