/**
 * Which exporters would make others wait. A batch goes to all exporters that its receiver leads to; once one has taken it, it cannot be handed
 * back, so its sender waits until the last one has. Pure: told at the start and by `tapio validate`.
 */
import type { ComponentSpec } from '../graph/spec.js'
import type { SendingQueueConfig } from './queue/options.js'

export interface StallPipeline { readonly id: string, readonly realReceivers: readonly string[], readonly realExporters: readonly string[] }

export interface Stall {
  readonly exporter: string
  /** That get nothing more while it cannot deliver. */
  readonly others: readonly string[]
  /** `at once`, or when its queue is full. */
  readonly when: 'at once' | 'full'
}

/** Only exporters that insist (`retry_on_failure`): the others do not wait for somebody far away. */
export function stallsOf (pipelines: readonly StallPipeline[], components: readonly ComponentSpec[]): readonly Stall[] {
  const exporters = components.filter(c => c.kind === 'exporter')
  return exporters.flatMap(({ id, config }): Stall[] => {
    const { sending_queue: queue, retry_on_failure: insists } = config as { readonly sending_queue?: SendingQueueConfig, readonly retry_on_failure?: unknown }
    if (insists === undefined || (queue?.enabled === true && queue.when_full !== 'refuse')) return []
    const own = pipelines.filter(p => p.realExporters.includes(id))
    const joined = pipelines.filter(p => own.some(o => o === p || o.realReceivers.some(r => p.realReceivers.includes(r))))
    const others = [...new Set(joined.flatMap(p => p.realExporters))].filter(other => other !== id).sort()
    return others.length === 0 ? [] : [{ exporter: id, others, when: queue?.enabled === true ? 'full' : 'at once' }]
  })
}

export function stallInWords ({ exporter, others, when }: Stall): string {
  const names = others.map(o => `\`${o}\``).join(', ')
  return `while exporter \`${exporter}\` cannot deliver${when === 'full' ? ' and its sending_queue is full' : ''}, ${names} ${others.length === 1 ? 'gets' : 'get'} nothing either: senders wait for all of them, and nothing is lost. ` +
    `To let the others go on, give \`${exporter}\` a sending_queue with \`when_full: drop_oldest\` or \`drop_newest\`: what it misses is counted`
}
