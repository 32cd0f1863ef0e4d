/** What one gets without thinking: three ways to name a cause from the same rows. Only the subject is asked of them. */
import type { EntityRef } from '../../core/correlation/entity.js'
import type { EventBatch } from '../../core/data/batch.js'
import type { EventRow } from '../../core/data/row.js'
import type { Homes } from './homes.js'
import type { Delivery } from './world/stream.js'

export interface Abnormal { readonly timeMs: number, readonly severity: number, readonly entity: EntityRef, readonly order: number }

export interface Guess {
  readonly subject: EntityRef | undefined
  /** Homes that are said to be hit. */
  readonly affected: ReadonlySet<string>
  readonly incidents: number
}

const warning = 13
const error = 17

/** Rows that say of themselves that something is wrong: severity from warning up, failed spans. */
export function abnormalRows (deliveries: readonly Delivery[], homes: Homes): Abnormal[] {
  const found: Abnormal[] = []
  for (const { batch } of deliveries) for (const row of rowsOf(batch)) {
    const severity = Math.max(row.get('severity') ?? 0, row.get('statusCode') === 2 ? error : 0)
    if (severity < warning) continue
    const entity = entityOf(row, homes)
    if (entity !== undefined) found.push({ timeMs: Number((row.get('timeUnixNano') ?? 0n) / 1_000_000n), severity, entity, order: found.length })
  }
  return found
}

function * rowsOf (batch: EventBatch): Generator<EventRow> { for (let i = 0; i < batch.count; i++) yield batch.at(i) }

function entityOf (row: EventRow, homes: Homes): EntityRef | undefined {
  const [kind, name, namespace] = [row.get('entityKind'), row.get('entityName'), row.get('entityNamespace')]
  if (kind !== undefined && name !== undefined && kind !== 'unit') return { kind, name, ...(namespace === undefined ? {} : { namespace }) }
  const { attributes } = row.resource
  const [uid, pod, ns, node, service] = ['k8s.pod.uid', 'k8s.pod.name', 'k8s.namespace.name', 'k8s.node.name', 'service.name'].map(key => attributes[key] as string | undefined)
  const known = uid === undefined ? undefined : homes.podOf(uid)
  if (known !== undefined) return known
  if (pod !== undefined && ns !== undefined) return { kind: 'Pod', namespace: ns, name: pod }
  if (service !== undefined) return { kind: 'Service', namespace: String(attributes['service.namespace'] ?? ''), name: service }
  return node === undefined ? undefined : { kind: 'Node', name: node }
}

/** What went wrong first is the cause of the rest. */
export function earliestEvent (rows: readonly Abnormal[], homes: Homes): Guess {
  return guess([...rows].sort((a, b) => a.timeMs - b.timeMs || b.severity - a.severity || a.order - b.order)[0], rows, homes, 1)
}

/** What is worst is the cause; of several, the first. */
export function severestEvent (rows: readonly Abnormal[], homes: Homes): Guess {
  return guess([...rows].sort((a, b) => b.severity - a.severity || a.timeMs - b.timeMs || a.order - b.order)[0], rows, homes, 1)
}

/** An incident a namespace; its cause is who speaks most in the largest. */
export function byNamespace (rows: readonly Abnormal[], homes: Homes): Guess {
  const groups = new Map<string, Abnormal[]>()
  for (const row of rows) {
    const known = groups.get(row.entity.namespace ?? '')
    if (known === undefined) groups.set(row.entity.namespace ?? '', [row])
    else known.push(row)
  }
  const [largest = []] = [...groups.values()].sort((a, b) => b.length - a.length)
  const counts = new Map<string, number>()
  for (const { entity } of largest) counts.set(homes.of(entity), (counts.get(homes.of(entity)) ?? 0) + 1)
  const [loudest] = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  return guess(largest.find(r => homes.of(r.entity) === loudest?.[0]), largest, homes, groups.size)
}

function guess (root: Abnormal | undefined, hit: readonly Abnormal[], homes: Homes, incidents: number): Guess {
  return { subject: root?.entity, affected: new Set(hit.map(r => homes.of(r.entity))), incidents: root === undefined ? 0 : incidents }
}
