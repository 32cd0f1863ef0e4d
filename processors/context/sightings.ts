/** From what was recognised in a row to the symptom it is counted to. */
import type { Engine } from '../../core/correlation/engine.js'
import type { EntityRef } from '../../core/correlation/entity.js'
import { layerOf, roleOf, type Seen } from '../../core/correlation/signs.js'
import type { Symptom } from '../../core/correlation/symptom.js'
import type { Sighting } from '../../core/correlation/symptoms.js'
import { Severity } from '../../core/data/enums.js'
import type { LateBinding } from './late-binding.js'
import type { Whose } from './whose.js'

export type EvidenceOf = Sighting['evidence']

export interface Sight {
  readonly seen: Seen
  readonly whose: Whose
  readonly severity: number
  readonly timeMs: number
  readonly confidence: number
  readonly evidence: EvidenceOf
}

const maxDetailText = 256
const maxNodes = 10_000

export class Sightings {
  /** By layer: rows that were a sign of something. */
  readonly counts: Record<string, number> = {}
  readonly #nodes = new Map<string, EntityRef>()

  constructor (readonly engine: Engine, readonly late: LateBinding) {}

  /** Undefined: there was no room for it. */
  add ({ seen, whose, severity, timeMs, confidence, evidence }: Sight): Symptom | undefined {
    const layer = layerOf(seen.sign)
    this.counts[layer] = (this.counts[layer] ?? 0) + 1
    const isOfNode = seen.ofNode === true && whose.node !== ''
    // To a thousandth: sums of doubles would show their tails in ids and documents.
    const atMs = Math.round(timeMs * 1000) / 1000
    const symptom = this.engine.symptoms.see({
      sign: seen.sign, layer, role: roleOf(seen.sign), entity: isOfNode ? this.#node(whose.node) : whose.entity, detail: detailFor(seen, whose, layer),
      timeMs: atMs, confidence, severity: seen.severity ?? severity, count: seen.count ?? 1, evidence
    })
    if (symptom !== undefined && !isOfNode && whose.waits !== undefined) this.late.wait(whose.waits, symptom.id, timeMs)
    if (seen.sign === 'kernel.oom_kill' && seen.detail.scope === 'machine' && whose.node !== '') this.#alsoNode(whose.node, atMs, confidence, evidence)
    return symptom
  }

  /** The same reference for the same node: what is known of it is found by that. */
  #node (name: string): EntityRef {
    let node = this.#nodes.get(name)
    if (node === undefined) {
      if (this.#nodes.size >= maxNodes) this.#nodes.clear()
      this.#nodes.set(name, node = { kind: 'Node', name })
    }
    return node
  }

  /** One kill, two things to tell: whom it hit, and that the machine was out of memory. */
  #alsoNode (node: string, timeMs: number, confidence: number, evidence: EvidenceOf): void {
    this.engine.symptoms.see({ sign: 'node.memory_exhausted', layer: 'node', role: 'trouble', entity: this.#node(node), detail: {}, timeMs, confidence, severity: Severity.critical, evidence })
  }
}

/** Of kernel and network it is worth saying which container of the pod; Kubernetes' own signs say it themselves. */
function detailFor ({ detail }: Seen, { container, entity }: Whose, layer: string): Seen['detail'] {
  const cut = hasLongText(detail)
    ? Object.fromEntries(Object.entries(detail).map(([key, value]) => [key, typeof value === 'string' ? value.slice(0, maxDetailText) : value]))
    : detail
  return layer === 'k8s' || container === '' || entity.kind !== 'Pod' || cut.container !== undefined ? cut : { ...cut, container }
}

function hasLongText (detail: Seen['detail']): boolean {
  for (const key in detail) {
    const value = detail[key]
    if (typeof value === 'string' && value.length > maxDetailText) return true
  }
  return false
}
