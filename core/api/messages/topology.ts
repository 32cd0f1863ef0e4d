/** Questions about the topology, and what components know of it, as one message. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { TopologyAnswer, TopologyQuestion } from '../../component/questions.js'
import { entityKey, type EntityRef } from '../../correlation/entity.js'
import type { GetTopologyRequest, GetTopologyResponseSchema } from '../gen/tapio/v1/runtime_pb.js'
import { entityMessage, entityQueryOf } from './entity.js'
import { requestedMs } from './time.js'

const defaultLimit = 500

export function topologyQuestionOf ({ entity, depth, kinds, namespace, time, limit }: GetTopologyRequest): TopologyQuestion {
  const wanted = entityQueryOf(entity, 'entity')
  const atMs = requestedMs(time, 'time')
  return {
    ...(wanted !== undefined && { entity: { kind: '', ...wanted } }), depth: depth === 0 ? 1 : depth, kinds, ...(namespace !== '' && { namespace }),
    ...(atMs !== undefined && { atMs }), limit: limit === 0 ? defaultLimit : limit
  }
}

interface Node { readonly entity: EntityRef, exists: boolean }

/** Several components may know parts of one cluster: what they know is joined. At most `limit` nodes. */
export function topologyMessage (answers: readonly TopologyAnswer[], limit: number): MessageInitShape<typeof GetTopologyResponseSchema> {
  const nodes = new Map<string, Node>()
  for (const node of answers.flatMap(a => a.nodes)) {
    const key = entityKey(node.entity)
    const known = nodes.get(key)
    if (known === undefined) nodes.set(key, { ...node })
    else known.exists ||= node.exists
  }
  const ordered = [...nodes].sort(([, a], [, b]) => byName(a.entity, b.entity))
  const shown = ordered.slice(0, limit)
  const places = new Map(shown.map(([key], place) => [key, place]))
  const edges = new Map<string, { from: number, to: number, kind: string }>()
  for (const answer of answers) {
    for (const { from, to, kind } of answer.edges) {
      const ends = [from, to].map(at => { const node = answer.nodes[at]; return node === undefined ? undefined : places.get(entityKey(node.entity)) })
      const [a, b] = ends
      if (a !== undefined && b !== undefined) edges.set(`${a} ${b} ${kind}`, { from: a, to: b, kind })
    }
  }
  return {
    nodes: shown.map(([, { entity, exists }]) => ({ entity: entityMessage(entity), exists })), edges: [...edges.values()],
    omitted: Math.max(0, ...answers.map(a => a.omitted)) + ordered.length - shown.length, notes: [...new Set(answers.flatMap(a => a.notes))]
  }
}

function byName (a: EntityRef, b: EntityRef): number { return order(a.kind, b.kind) || order(a.namespace ?? '', b.namespace ?? '') || order(a.name, b.name) }
const order = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0
