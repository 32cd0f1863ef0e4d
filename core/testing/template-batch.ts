import { BatchBuilder } from '../data/builder.js'
import type { EventBatch } from '../data/batch.js'
import { EventIds } from '../data/ids.js'

/** `rows` events as a kernel or cluster source would make them: 500 pods, a dozen names, every required field valid. */
export function templateBatch (rows: number): EventBatch {
  const builder = new BatchBuilder(rows)
  const types = ['process', 'network', 'kubernetes', 'log'] as const
  for (let i = 0; i < rows; i++) {
    const pod = i % 500
    const type = types[i % 4] as (typeof types)[number]
    builder.append({
      type,
      severity: i % 50 === 0 ? 17 : 9,
      source: type === 'kubernetes' ? 'kubernetes' : 'ebpf',
      name: `event-${i % 12}`,
      message: `something happened to container ${pod}`,
      pid: 1000 + pod,
      comm: `proc-${pod % 40}`,
      cgroupId: BigInt(70_000 + pod),
      protocol: 'tcp',
      sourceAddress: `10.0.${pod % 250}.1`,
      sourcePort: 40_000 + pod,
      destinationAddress: `10.1.${pod % 250}.1`,
      destinationPort: 443,
      entityKind: 'Pod',
      entityName: `pod-${pod}`,
      entityNamespace: `ns-${pod % 10}`,
      timeUnixNano: 1n,
      resource: { 'k8s.pod.name': `pod-${pod}`, 'k8s.namespace.name': `ns-${pod % 10}` }
    })
  }
  return builder.finish({ ids: new EventIds() })
}
