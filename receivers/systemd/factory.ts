import { defineComponent } from '../../core/component/factory.js'
import { shutdownRemedy } from '../../core/component/remedy.js'
import { schema } from './config.js'
import { badEntries, busConnections, entries, gaps, missedEntries, readers, rejectedEvents, signals, trackedUnits } from './metrics.js'

export const factory = defineComponent({
  kind: 'receiver',
  type: 'systemd',
  description: 'Sees units start, stop and fail over D-Bus, reads the journal without a gap over restarts, and finds faults in the kernel\'s log lines.',
  stability: 'beta',
  signals: ['events'],
  schema,
  concurrency: 'single',
  metrics: [entries, badEntries, missedEntries, gaps, readers, signals, busConnections, trackedUnits, rejectedEvents],
  drops: {
    filtered: 'a journal entry that does not fit priority, units or matches',
    rate_limited: 'journal entries beyond `journal.rate_limit`',
    duplicate: 'told before by the other source: one unit\'s change by bus and journal, one OOM kill by the ebpf receiver',
    overflow: 'changes of units that came faster than the pipeline took them; the journal tells them too',
    shutdown: 'changes of units that the pipeline did not take before the time to stop ran out; journal entries are read again'
  },
  remedies: {
    filtered: { options: ['journal.priority', 'journal.units', 'journal.matches'], action: 'Nothing, when these entries are not wanted; else let more pass.', isIntended: true },
    rate_limited: { options: ['journal.rate_limit'], action: 'Find the unit that floods the journal (`journalctl -f`), or raise the limit.' },
    duplicate: { options: [], action: 'Nothing: each is told once.', isIntended: true },
    overflow: { options: [], action: 'See where the pipeline is slow: `tapio graph --live`. With the journal on, the same changes come from there.' },
    shutdown: shutdownRemedy
  },
  async create (services) {
    const { SystemdReceiver } = await import('./receiver.js')
    return services.construct(SystemdReceiver)
  }
})
