/** The limits that options and the memory there is make together. */
import type { MemoryLimiterConfig } from './config.js'
import type { MemorySource } from './memory-source.js'

const mib = 1024 * 1024
/** Of the hard limit, when no spike is given: the Collector's. */
const spikeShare = 0.2

export interface Limits {
  readonly hardBytes: number
  readonly softBytes: number
  /** `limit_mib` bounds this process, `limit_percentage` all that share its control group. */
  readonly bounds: 'process' | 'group'
}

export function limitsOf (config: MemoryLimiterConfig, { totalBytes }: MemorySource): Limits {
  const own = config.limit_mib > 0 ? config.limit_mib * mib : Infinity
  const group = config.limit_percentage > 0 ? totalBytes * config.limit_percentage / 100 : Infinity
  const hardBytes = Math.min(own, group)
  const spike = config.spike_limit_mib > 0 ? config.spike_limit_mib * mib : config.spike_limit_percentage > 0 ? totalBytes * config.spike_limit_percentage / 100 : hardBytes * spikeShare
  // Options that fit each other may not fit the machine.
  return { hardBytes, softBytes: Math.max(hardBytes / 2, hardBytes - spike), bounds: own <= group ? 'process' : 'group' }
}
