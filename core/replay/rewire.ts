/** A configuration with something else in the place of its receivers: only the pipelines that are wanted, and what they lead to. */
import { componentId, type ComponentId } from '../component/id.js'
import { modes } from '../config/modes.js'
import type { ResolvedComponent, ResolvedConfig, ResolvedPipeline, ServiceSettings } from '../config/shape.js'
import { nowhere } from '../config/tree.js'

const replayReceiver: ResolvedComponent = { id: componentId('receiver', 'replay'), config: {}, at: nowhere, used: true }

/** To one exporter, without anything between. */
export function toExporter (config: ResolvedConfig, exporter: ComponentId): ResolvedConfig {
  const pipeline: ResolvedPipeline = { name: 'replay', signal: undefined, receivers: [replayReceiver.id], processors: [], exporters: [exporter], durable: true, at: nowhere }
  return direct({ ...config, pipelines: [pipeline] })
}

/** Through the processors of a pipeline. Its answer is that of its exporters. */
export function throughPipeline (config: ResolvedConfig, name: string): ResolvedConfig {
  return direct({ ...config, pipelines: fedBy(config, [name], replayReceiver.id).map(p => ({ ...p, durable: true })) })
}

/** As it is, with `receiver` in the place of all real receivers of the pipelines named. */
export function withReceiver (config: ResolvedConfig, names: readonly string[], receiver: ComponentId): ResolvedConfig {
  return usedOnly({ ...config, pipelines: fedBy(config, names, receiver) })
}

/** Pipelines that something comes into from outside: those a recording goes into unless one is named. */
export function outerPipelines (config: ResolvedConfig): string[] {
  return config.pipelines.filter(p => p.receivers.some(r => r.kind !== 'connector')).map(p => p.name)
}

/** Those named, fed by `receiver` alone, and those that connectors lead on to. */
function fedBy ({ pipelines }: ResolvedConfig, names: readonly string[], receiver: ComponentId): ResolvedPipeline[] {
  const wanted = new Set(names)
  for (let before = -1; before !== wanted.size;) {
    before = wanted.size
    const connectors = new Set(pipelines.filter(p => wanted.has(p.name)).flatMap(p => p.exporters).filter(e => e.kind === 'connector').map(e => e.text))
    for (const p of pipelines) if (p.receivers.some(r => r.kind === 'connector' && connectors.has(r.text))) wanted.add(p.name)
  }
  return pipelines.filter(p => wanted.has(p.name)).map(p => ({
    ...p, receivers: [...names.includes(p.name) ? [receiver] : [], ...p.receivers.filter(r => r.kind === 'connector')]
  }))
}

/**
 * In this thread, without queues: an answer is the other side's, and the directories of the queues may be what is replayed. Nothing is
 * served.
 */
function direct (config: ResolvedConfig): ResolvedConfig {
  return usedOnly({ ...config, service: quietService(config.service), components: [...config.components.filter(c => c.id.kind !== 'receiver').map(c => c.id.kind === 'exporter' ? { ...c, config: withoutQueue(c.config) } : c), replayReceiver] })
}

/** In one thread, serving nothing. */
export function quietService (service: ServiceSettings): ServiceSettings {
  return { ...service, ...modes.debug, mode: 'debug', tracing: false, profiling: false, extensions: [], api: undefined, metricsServer: { ...service.metricsServer, enabled: false } }
}

function withoutQueue (config: unknown): unknown {
  const { sending_queue: queue, circuit_breaker: breaker, ...rest } = config as { readonly sending_queue?: object, readonly circuit_breaker?: object, readonly dead_letter?: object }
  return { ...rest, dead_letter: {}, ...queue !== undefined && { sending_queue: { ...queue, enabled: false } }, ...breaker !== undefined && { circuit_breaker: { ...breaker, enabled: false } } }
}

function usedOnly (config: ResolvedConfig): ResolvedConfig {
  const used = new Set([...config.pipelines.flatMap(p => [...p.receivers, ...p.processors, ...p.exporters]), ...config.service.extensions].map(id => `${id.kind} ${id.text}`))
  return { ...config, components: config.components.filter(c => used.has(`${c.id.kind} ${c.id.text}`)).map(c => ({ ...c, used: true })) }
}
