import { defineComponent } from '../../core/component/factory.js'
import { schema, type StoreExporterConfig } from './config.js'
import { storeBytes, storedDocuments, storedEvents, storeErrors } from './metrics.js'

/** Batches under way at once: they wait for the same flush of the disk. */
const parallelBatches = 64

export const factory = defineComponent({
  kind: 'exporter',
  type: 'store',
  description: 'Keeps incidents, links and the events behind them on this machine, for `tapio incidents`, `tapio correlate` and the API.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'single',
  borrows: true,
  answers: ['store.directory', 'store.events', 'store.incidents'],
  parallel: () => parallelBatches,
  metrics: [storedEvents, storedDocuments, storeErrors, storeBytes],
  drops: {
    not_kept: 'neither a symptom nor severe enough nor in the sample (`keep`)',
    duplicate: 'an event with this id is in the store already',
    malformed: 'a tapio.incident or tapio.link whose document cannot be read'
  },
  remedies: {
    not_kept: { options: ['keep', 'sample_ratio'], action: 'Nothing, when symptoms are enough; `keep: all` keeps every event, at the cost of disk.', isIntended: true },
    duplicate: { options: [], action: 'Nothing: it is stored once. Many of them mean that a sender repeats what it had been answered for.', isIntended: true },
    malformed: { options: [], action: 'Find who makes these rows: only the incident and correlation processors should. Two versions of Tapio in a row may disagree.' }
  },
  check (config) {
    const { directory } = config as StoreExporterConfig
    return directory.includes('\0') ? [{ path: ['directory'], message: 'must not contain a zero byte' }] : []
  },
  async create (services) {
    const { StoreExporter } = await import('./exporter.js')
    return services.construct(StoreExporter)
  }
})
