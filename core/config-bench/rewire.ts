/** A configuration as it is measured: a generator for its receivers, sinks for its exporters unless they are wanted, the rest as it is. */
import { componentId } from '../component/id.js'
import type { Signal } from '../component/factory.js'
import { modes } from '../config/modes.js'
import type { ResolvedComponent, ResolvedConfig } from '../config/shape.js'
import { nowhere } from '../config/tree.js'
import { outerPipelines, withReceiver } from '../replay/rewire.js'

export interface Load { readonly batchRows: number, readonly rowsPerSecond: number, readonly file: string }

export interface Variant {
  readonly realExporters: boolean
  /** `one_thread`: what each component costs can be told apart. `pass_through`: its processors do nothing. */
  readonly as: 'configured' | 'one_thread' | 'pass_through'
}

export function benched (config: ResolvedConfig, load: Load, { realExporters, as }: Variant): ResolvedConfig {
  const outer = outerPipelines(config)
  const id = componentId('receiver', 'generator')
  const generator: ResolvedComponent = { id, config: { signals: signalsOf(config), batch_rows: load.batchRows, rows_per_second: load.rowsPerSecond, file: load.file }, at: nowhere, used: true }
  const counted = (e: ResolvedComponent['id']): ResolvedComponent['id'] => e.kind === 'exporter' && !realExporters ? componentId('exporter', `counted/${e.text}`) : e
  const idle = componentId('processor', 'noop')
  const { service } = config
  return withReceiver({
    ...config,
    service: {
      ...service, ...(as === 'one_thread' && { ...modes.debug, mode: 'debug' as const, batchSize: service.batchSize }), tracing: false, profiling: false, metrics: true, extensions: [], api: undefined,
      logs: { ...service.logs, level: 'error' }, metricsServer: { ...service.metricsServer, enabled: false }
    },
    components: [
      generator, { id: idle, config: {}, at: nowhere, used: true },
      ...config.components.filter(c => c.id.kind !== 'receiver').map(c => c.id.kind === 'exporter' && !realExporters ? { ...c, id: counted(c.id), config: {} } : c)
    ],
    pipelines: config.pipelines.map(p => ({ ...p, processors: as === 'pass_through' ? p.processors.slice(0, 1).map(() => idle) : p.processors, exporters: p.exporters.map(counted) }))
  }, outer, id)
}

/** What its outer pipelines take; those that take anything get logs, traces and metrics. */
export function signalsOf (config: ResolvedConfig): Signal[] {
  const outer = outerPipelines(config)
  const wanted = config.pipelines.filter(p => outer.includes(p.name)).flatMap((p): Signal[] => p.signal === undefined ? ['logs', 'traces', 'metrics'] : [p.signal])
  return [...new Set(wanted)]
}
