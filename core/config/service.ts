/** The `service` section: its options typed, the mode's defaults applied. */
import { componentId } from '../component/id.js'
import type { Gathered } from './options.js'
import { checkOptions } from './options.js'
import { defaultMode, modeNames, modes } from './modes.js'
import { serviceSchema, type ServiceOptions, type ServiceSettings } from './shape.js'
import { child, emptyMap, entry, type MapEntry, type MapNode, type Span, type TreeNode } from './tree.js'

export function readService (service: MapEntry | undefined, fallback: Span, gathered: Gathered): ServiceSettings {
  const node = service?.value ?? emptyMap(fallback)
  const typed = checkOptions(serviceSchema, node, service?.key ?? fallback, ['service'], gathered)
  // With faults the values may be of any type; the defaults let the rest of the checks go on.
  const usable = typed.sound ? typed : checkOptions(serviceSchema, emptyMap(fallback), fallback, [], gathered)
  const settings = settingsOf(usable.value as ServiceOptions)
  if (typed.sound) checkBuffer(settings, child(node, 'buffer_size'), entry(node, 'buffer_size')?.key ?? fallback, gathered)
  return settings
}

function settingsOf (options: ServiceOptions): ServiceSettings {
  const mode = modeNames.includes(options.mode) ? options.mode : defaultMode
  const defaults = modes[mode]
  return {
    mode,
    batchSize: options.batch_size ?? defaults.batchSize,
    bufferSize: options.buffer_size ?? defaults.bufferSize,
    maxConcurrency: options.max_concurrency ?? defaults.maxConcurrency,
    tracing: options.tracing ?? defaults.tracing,
    profiling: options.profiling ?? defaults.profiling,
    metrics: options.metrics ?? defaults.metrics,
    shutdownTimeoutMs: options.shutdown_timeout,
    workerFailure: options.worker_failure,
    whenFull: options.when_full,
    enqueueTimeoutMs: options.enqueue_timeout,
    reload: { watch: options.reload.watch, intervalMs: options.reload.interval, drainMs: options.reload.drain_timeout },
    extensions: options.extensions.map(text => componentId('extension', text)),
    logs: options.telemetry.logs,
    metricsServer: options.telemetry.metrics,
    api: options.api
  }
}

/** The ring's index is a mask, so its capacity is a power of two. */
function checkBuffer ({ mode, bufferSize }: ServiceSettings, node: TreeNode | undefined, key: Span, { faults }: Gathered): void {
  if (mode !== 'ring-buffer' || node === undefined || Number.isInteger(Math.log2(bufferSize))) return
  const below = 2 ** Math.floor(Math.log2(bufferSize))
  const path = node.origin ?? ['service', 'buffer_size']
  faults.error('CFG071', node.at ?? key, path, `\`${String(path.at(-1))}\` must be a power of two in mode ring-buffer, found number ${bufferSize}`, { allowed: `${below} or ${below * 2}` })
}

/** `service.telemetry.metrics.address`, the Collector's older word for `endpoint`. */
export function renameAddress (tree: MapNode, { faults }: Gathered): MapNode {
  const service = entry(tree, 'service')
  const telemetry = entry(service?.value, 'telemetry')
  const metrics = entry(telemetry?.value, 'metrics')
  const address = entry(metrics?.value, 'address')
  if (service === undefined || telemetry === undefined || metrics?.value.kind !== 'map' || address === undefined || metrics.value.entries.has('endpoint')) return tree
  const path = ['service', 'telemetry', 'metrics', 'address']
  faults.warning('CFG043', address.key, path, '`address` is called `endpoint`', { suggestion: 'endpoint' })
  const entries = new Map(metrics.value.entries)
  entries.delete('address')
  entries.set('endpoint', { key: address.key, value: { ...address.value, origin: path } })
  const renamed: MapNode = { ...metrics.value, entries }
  return withEntry(tree, 'service', service, withEntry(service.value, 'telemetry', telemetry, withEntry(telemetry.value, 'metrics', metrics, renamed)))
}

function withEntry (map: TreeNode, key: string, old: MapEntry, value: TreeNode): MapNode {
  const entries = new Map((map as MapNode).entries)
  entries.set(key, { key: old.key, value })
  return { ...map as MapNode, entries }
}
