/** The four modes and their defaults (those of the original Tapio's pipeline), as data. What a mode places where is core/graph's. */
export interface ModeDefaults {
  /** Rows per batch that sources aim for. */
  readonly batchSize: number
  /** Batches (or ring slots) that one edge may hold. */
  readonly bufferSize: number
  /** Most copies of a stateless processor; 0 is one per CPU core. */
  readonly maxConcurrency: number
  readonly tracing: boolean
  readonly profiling: boolean
  readonly metrics: boolean
}

export const modes = {
  'ring-buffer': { batchSize: 10_000, bufferSize: 65_536, maxConcurrency: 0, tracing: false, profiling: false, metrics: true },
  'high-performance': { batchSize: 1000, bufferSize: 10_000, maxConcurrency: 0, tracing: false, profiling: false, metrics: true },
  standard: { batchSize: 100, bufferSize: 1000, maxConcurrency: 4, tracing: false, profiling: false, metrics: true },
  debug: { batchSize: 10, bufferSize: 100, maxConcurrency: 1, tracing: true, profiling: true, metrics: true }
} as const satisfies Readonly<Record<string, ModeDefaults>>

export type Mode = keyof typeof modes

export const modeNames = Object.keys(modes) as readonly Mode[]

export const defaultMode: Mode = 'high-performance'
