/** A configuration with stand-ins (stand-ins.ts) for its receivers and exporters, in one thread, serving nothing. */
import { componentId, type ComponentId } from '../component/id.js'
import type { ResolvedComponent, ResolvedConfig } from '../config/shape.js'
import { quietService } from '../replay/rewire.js'
import { sinkType, sourceType } from './stand-ins.js'

/** Ids of the stand-ins, by the ids they stand for. */
export interface Cast { readonly receivers: ReadonlyMap<string, string>, readonly exporters: ReadonlyMap<string, string> }

export interface Rewired { readonly config: ResolvedConfig, readonly cast: Cast }

/** Exporters are given these by the catalog: answers must be the sink's own. */
const unqueued = { sending_queue: { enabled: false }, circuit_breaker: { enabled: false } }

export function rewire (config: ResolvedConfig): Rewired {
  const cast = { receivers: named(config, 'receiver', sourceType), exporters: named(config, 'exporter', sinkType) }
  const standIn = (id: ComponentId): ComponentId => {
    if (id.kind === 'receiver') return componentId('receiver', cast.receivers.get(id.text) as string)
    return id.kind === 'exporter' ? componentId('exporter', cast.exporters.get(id.text) as string) : id
  }
  const components = config.components.filter(c => c.used && c.id.kind !== 'extension').map((component): ResolvedComponent => ({
    ...component, id: standIn(component.id),
    ...(component.id.kind === 'receiver' && { config: {} }), ...(component.id.kind === 'exporter' && { config: unqueued })
  }))
  const pipelines = config.pipelines.map(p => ({ ...p, receivers: p.receivers.map(standIn), exporters: p.exporters.map(standIn) }))
  return { config: { ...config, components, pipelines, service: quietService(config.service) }, cast }
}

/** `otlp/edge` -> `test_sink/otlp.edge`. The second of two that would be called the same (`otlp/a.b` beside `otlp.a/b`) gets a number. */
function named ({ components }: ResolvedConfig, kind: 'receiver' | 'exporter', type: string): Map<string, string> {
  const names = new Map<string, string>()
  for (const { id } of components.filter(c => c.used && c.id.kind === kind)) {
    const name = `${type}/${id.text.replace('/', '.')}`
    const taken = [...names.values()].filter(other => other === name || other.startsWith(`${name}-`)).length
    names.set(id.text, taken === 0 ? name : `${name}-${taken}`)
  }
  return names
}
