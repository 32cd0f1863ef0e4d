import { defineComponent, type ConfigFault } from '../../core/component/factory.js'
import { shutdownRemedy } from '../../core/component/remedy.js'
import { recordTable } from '../../native/index.js'
import { schema, type EbpfConfig } from './config.js'
import { hooks, identityEntries, identityEvictions, identityLookups, kernelDrops, rawDropped, rawStored, rawWritten, records, unknownRecords } from './metrics.js'

export const factory = defineComponent({
  kind: 'receiver',
  type: 'ebpf',
  description: 'Sees in the kernel what was killed, refused, reset, dropped, started and ended, with eBPF; keeps the raw records.',
  stability: 'beta',
  signals: ['events'],
  schema,
  concurrency: 'single',
  cannotWait: true,
  metrics: [records, kernelDrops, hooks, unknownRecords, identityLookups, identityEntries, identityEvictions, rawStored, rawWritten, rawDropped],
  drops: {
    shutdown: 'read from the kernel, but the pipeline did not take them before the time to stop ran out'
  },
  remedies: { shutdown: shutdownRemedy },
  check (config) {
    const { ring_size: size } = config as EbpfConfig
    const faults: ConfigFault[] = []
    if (!Number.isInteger(Math.log2(size))) faults.push({ path: ['ring_size'], message: `must be a power of two (1MiB, 2MiB, 4MiB, …), found ${size} bytes` })
    const { sampling } = (config as EbpfConfig).raw_store
    for (const name of Object.keys(sampling)) {
      if (!Object.hasOwn(recordTable, name)) faults.push({ path: ['raw_store', 'sampling', name], message: `no such record type; there are ${Object.keys(recordTable).join(', ')}` })
    }
    return faults
  },
  async status () {
    return (await import('./status.js')).ebpfStatus()
  },
  async create (services) {
    const { EbpfReceiver } = await import('./receiver.js')
    return services.construct(EbpfReceiver)
  }
})
