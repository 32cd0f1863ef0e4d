import { Type, type Static } from '@sinclair/typebox'
import type { ConfigFault } from '../../core/component/factory.js'
import { Duration, Options, Section } from '../../core/config/schema.js'

export const schema = Options({
  check_interval: Duration({ default: '250ms', minimum: '10ms', maximum: '10s', description: 'Time between two measurements. Memory must not grow by `spike_limit_mib` in between.' }),
  limit_mib: Type.Integer({ default: 0, minimum: 0, description: 'Hard limit: what the memory of the process must not exceed, in MiB. 0 = `limit_percentage` says it; both = the smaller.' }),
  spike_limit_mib: Type.Integer({ default: 0, minimum: 0, description: 'Hard limit - this = soft limit, from which only severe rows are taken. 0 = `spike_limit_percentage` says it.' }),
  limit_percentage: Type.Number({ default: 80, minimum: 0, maximum: 100, description: 'The hard limit in percent of the memory that there is: the smallest limit of the control groups (cgroups) of the process, or the machine\'s memory. 0 = only `limit_mib` counts.' }),
  spike_limit_percentage: Type.Number({ default: 0, minimum: 0, maximum: 100, description: 'The same as `spike_limit_mib`, in percent of the memory that there is. 0 = a fifth of the hard limit.' }),
  recovery_interval: Duration({ default: '1s', minimum: '10ms', maximum: '10m', description: 'Shortest time at a level on the way back: it falls one step at a time.' }),
  retry_after: Duration({ default: '1s', minimum: '1ms', maximum: '10m', description: 'When who is turned away is told to come again.' }),
  stall_percentage: Type.Number({ default: 20, minimum: 0, maximum: 100, description: 'Share of the last 10 s in which all processes of the control group waited for memory (pressure stall information, `full`), from which the level is one step worse. 0 = not looked at.' }),
  shed: Section({
    enabled: Type.Boolean({ default: true, description: 'Drop rows of sources that cannot wait (the kernel\'s), the least severe first, and count them. Off: they wait in their source as long as it has room, and are lost there.' })
  }, { description: 'What becomes of rows that nobody has any more when they are not taken.' })
})
export type MemoryLimiterConfig = Static<typeof schema>

/** What the schema cannot say. */
export function configFaults ({ limit_mib: limit, spike_limit_mib: spike, limit_percentage: share, spike_limit_percentage: spikeShare }: MemoryLimiterConfig): readonly ConfigFault[] {
  const faults: ConfigFault[] = []
  if (limit === 0 && share === 0) faults.push({ path: ['limit_percentage'], message: 'there is no limit: give `limit_mib`, `limit_percentage`, or both' })
  if (limit > 0 && spike >= limit) faults.push({ path: ['spike_limit_mib'], message: `must be less than \`limit_mib\` (${limit}), found ${spike}` })
  if (share > 0 && spikeShare >= share) faults.push({ path: ['spike_limit_percentage'], message: `must be less than \`limit_percentage\` (${share}), found ${spikeShare}` })
  return faults
}
