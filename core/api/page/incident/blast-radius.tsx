/** Who has trouble, on the part of the topology around the cause; as a list where the topology is not known. */
import { useMemo } from 'preact/hooks'
import type { AffectedJson, IncidentJson, SloViolationJson } from '../../gen/tapio/v1/incident_pb.js'
import type { GetTopologyResponseJson } from '../../gen/tapio/v1/runtime_pb.js'
import { get } from '../data/client.js'
import { useResource } from '../data/resource.js'
import { go } from '../data/router.js'
import { entityKey, topologyPath } from '../format/entity.js'
import { num, percent } from '../format/number.js'
import { durationMs, span } from '../format/time.js'
import { affectedStates, stateOf, type AffectedState } from '../format/words.js'
import { AffectedTag } from '../parts/badges.js'
import { EntityLink } from '../parts/entity.js'
import { TopologyDrawing } from '../topology/drawing.js'
import { aroundAffected, bypassed, kindOf, partOf, saidOnce, type Part } from '../topology/neighbourhood.js'

/** More boxes than this are no picture any more. */
const mostDrawn = 60

export function BlastRadius ({ incident }: { readonly incident: IncidentJson }) {
  const affected = incident.impact?.affected ?? []
  return (
    <section class="card" id="impact" aria-labelledby="impact-title">
      <h2 id="impact-title">Blast radius</h2>
      {affected.length === 0 ? <p class="dim">Nobody is known to be affected.</p> : <><OnTopology incident={incident} affected={affected} /><Affected affected={affected} /></>}
      <Objectives slo={incident.impact?.slo ?? []} />
    </section>
  )
}

/** A ReplicaSet that is not affected itself says nothing between a Deployment and its pods. */
function drawnPart (topology: GetTopologyResponseJson, states: ReadonlyMap<string, AffectedState>): Part {
  const part = bypassed(partOf(topology), key => kindOf(key) === 'ReplicaSet' && !states.has(key))
  return saidOnce(aroundAffected(part, new Set(states.keys()), mostDrawn))
}

function OnTopology ({ incident, affected }: { readonly incident: IncidentJson, readonly affected: readonly AffectedJson[] }) {
  const center = incident.hypotheses?.[0]?.subject ?? affected[0]?.entity
  const { kind, namespace, name } = center ?? {}
  const topology = useResource(name === undefined ? undefined : `${incident.id ?? ''} ${entityKey({ kind: kind ?? '', namespace: namespace ?? '', name })}`, signal => get<GetTopologyResponseJson>('/v1/topology', { entity: { kind, namespace, name }, depth: 4, limit: 400 }, signal))
  const states = useMemo(() => new Map(affected.map(a => [entityKey(a.entity ?? {}), stateOf(a.state)])), [affected])
  const part = useMemo(() => topology.data === undefined ? undefined : drawnPart(topology.data, states), [topology.data, states])
  if (topology.problem !== undefined) return <p class="dim">Not drawn on the topology: {topology.problem.message}</p>
  if (part === undefined) return <p class="dim" role="status">Reading the topology …</p>
  const drawn = [...states.keys()].filter(key => part.nodes.has(key)).length
  if (drawn < 2) return <p class="dim">The topology as it is now does not know those that are affected.</p>
  return (
    <>
      <TopologyDrawing part={part} label="Blast radius on the topology" states={states} onBox={key => { const node = part.nodes.get(key); if (node !== undefined) go(topologyPath(node.entity)) }} />
      <p class="dim">{drawn} of {states.size} affected are drawn, with what joins them, as the cluster is now.{(topology.data?.notes ?? []).map(note => ` ${note}`)}</p>
    </>
  )
}

function Affected ({ affected }: { readonly affected: readonly AffectedJson[] }) {
  return (
    <div class="affected-groups">
      {affectedStates.map(state => {
        const those = affected.filter(a => stateOf(a.state) === state)
        return those.length > 0 && (
          <div key={state}>
            <h3><AffectedTag state={state} /> <span class="dim">{those.length}</span></h3>
            <ul>{those.map((a, i) => <li key={i}><EntityLink entity={a.entity} /><span class="dim"> {a.why}</span></li>)}</ul>
          </div>
        )
      })}
    </div>
  )
}

function Objectives ({ slo }: { readonly slo: readonly SloViolationJson[] }) {
  if (slo.length === 0) return null
  return (
    <>
      <h3>Objectives that are missed</h3>
      <ul>{slo.map((s, i) => <li key={i}><b>{s.service}</b> {s.objective}: {s.objective === 'availability' ? `${share(num(s.observed))}, target ${share(num(s.target))}` : `${num(s.observed)}, target ${num(s.target)}`} <span class="dim">· burns its error budget at {Math.round(num(s.burnRate))} times the sustainable rate over {span(durationMs(s.window) ?? 0)}</span></li>)}</ul>
    </>
  )
}

/** Targets are told apart by their nines. */
const share = (n: number): string => n > 0.99 ? `${Number((n * 100).toFixed(3))} %` : percent(n)
