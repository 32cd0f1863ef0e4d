import { defineComponent } from '../../core/component/factory.js'
import { schema, type FileExporterConfig } from './config.js'
import { rotations, writeErrors, writtenBytes } from './metrics.js'

export const factory = defineComponent({
  kind: 'exporter',
  type: 'file',
  description: 'Writes batches to a file that stays readable whatever happens, as msgpack or JSON lines, with rotation.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'single',
  borrows: true,
  metrics: [writtenBytes, rotations, writeErrors],
  drops: {},
  check (config) {
    const { path } = config as FileExporterConfig
    if (path.includes('\0')) return [{ path: ['path'], message: 'must not contain a zero byte' }]
    return path.endsWith('/') ? [{ path: ['path'], message: `must name a file, found a directory: "${path}"` }] : []
  },
  async create (services) {
    const { FileExporter } = await import('./exporter.js')
    return services.construct(FileExporter)
  }
})
