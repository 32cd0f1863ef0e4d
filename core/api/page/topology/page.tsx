/** What the cluster is made of: an overview to choose from, then what surrounds one object, grown step by step. */
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { EntityJson } from '../../gen/tapio/v1/entity_pb.js'
import type { GetTopologyResponseJson } from '../../gen/tapio/v1/runtime_pb.js'
import { get } from '../data/client.js'
import { problemOfError, type Problem } from '../data/problem.js'
import { useResource } from '../data/resource.js'
import { go, params, withParams } from '../data/router.js'
import { entityKey, entityOf, entityText, eventsPath, topologyPath } from '../format/entity.js'
import { spoken } from '../format/words.js'
import { includesAll } from '../incidents/filter.js'
import { CopyButton } from '../parts/copy-button.js'
import { EntityLink } from '../parts/entity.js'
import { Select } from '../parts/fields.js'
import { useListKeys } from '../parts/list-keys.js'
import { Answer, Empty, Failure } from '../parts/notice.js'
import { Panel } from '../parts/panel.js'
import { TopologyDrawing } from './drawing.js'
import { degrees, joined, kindOf, narrowed, partOf, reachable, saidOnce, type Part } from './neighbourhood.js'

const limit = 2000
/** More boxes are neither laid out in a blink nor readable. */
const mostDrawn = 120
const hiddenAtFirst = 'EndpointSlice,ServiceAccount'
const searchId = 'topology-search'

export function TopologyPage () {
  const name = params.value.get('name') ?? ''
  const entity = name === '' ? undefined : { kind: params.value.get('kind') ?? '', namespace: params.value.get('namespace') ?? '', name }
  return (
    <>
      <header class="page-head"><h1>Topology</h1>{entity !== undefined && <a href="/topology">← Overview</a>}</header>
      {entity === undefined ? <Overview /> : <Around key={entityKey(entity)} entity={entity} />}
    </>
  )
}

function Overview () {
  const text = params.value.get('q') ?? ''
  const namespace = params.value.get('ns') ?? ''
  const kind = params.value.get('of') ?? ''
  const topology = useResource(`overview ${namespace} ${kind}`, signal => get<GetTopologyResponseJson>('/v1/topology', { namespace, kinds: kind === '' ? undefined : [kind], limit }, signal), true)
  const nodes = topology.data?.nodes ?? []
  const fitting = nodes.filter(n => includesAll(entityText(n.entity), text))
  useListKeys(fitting.map(n => entityKey(n.entity ?? {})), searchId)
  const some = (values: readonly string[], all: string): readonly (readonly [string, string])[] => [['', all], ...[...new Set(values)].filter(v => v !== '').sort().map(v => [v, v] as const)]
  const change = (param: string) => (value: string): void => { go(withParams({ [param]: value }), { replace: true }) }
  const open = (event: Event): void => {
    event.preventDefault()
    const typed = fitting.length === 1 ? fitting[0]?.entity : entityOf(text)
    if (typed !== undefined) go(topologyPath(typed))
  }
  return (
    <>
      <form class="filters" role="search" aria-label="Find in the topology" onSubmit={open}>
        <label class="grow"><span class="off-screen">Find</span><input id={searchId} type="search" placeholder="Find: shop/cart  ( / ), Enter opens it" value={text} onInput={event => { change('q')(event.currentTarget.value) }} autocomplete="off" spellcheck={false} /></label>
        <Select label="Namespace" value={namespace} options={some(nodes.map(n => n.entity?.namespace ?? ''), 'All namespaces')} onChange={change('ns')} />
        <Select label="Kind" value={kind} options={some(['Pod', 'Container', 'ConfigMap', ...nodes.map(n => n.entity?.kind ?? '')], 'Larger kinds')} onChange={change('of')} />
      </form>
      <Answer of={topology} what="the topology">{({ nodes: all = [], omitted = 0, notes = [] }) => (
        <>
          {notes.map(note => <p key={note} class="callout">{note}</p>)}
          {omitted > 0 && <p class="callout">{omitted} more objects are beyond the limit of {limit}: choose a namespace or a kind.</p>}
          {all.length === 0 && <Empty title="The topology is empty"><p>Tapio learns it from Kubernetes objects: a <code>kubernetes</code> receiver with <code>objects: all</code> brings them.</p></Empty>}
          {all.length > 0 && fitting.length === 0 && <Empty title="Nothing fits"><p>Enter looks for “{text}” among all kinds.</p></Empty>}
          <Groups entities={fitting.map(n => ({ entity: n.entity ?? {}, exists: n.exists === true }))} />
        </>
      )}</Answer>
    </>
  )
}

function Groups ({ entities }: { readonly entities: readonly { readonly entity: EntityJson, readonly exists: boolean }[] }) {
  const groups = new Map<string, typeof entities[number][]>()
  for (const item of entities) {
    const group = item.entity.namespace ?? ''
    groups.set(group, [...groups.get(group) ?? [], item])
  }
  return (
    <div class="groups">
      {[...groups].sort(([a], [b]) => a < b ? -1 : 1).map(([namespace, items]) => (
        <section key={namespace} class="card">
          <h2>{namespace === '' ? 'Of the cluster' : namespace} <span class="dim">{items.length}</span></h2>
          <ul class="objects">{items.slice(0, 300).map(({ entity, exists }) => <li key={entityKey(entity)} data-key={entityKey(entity)}><a class={`entity ${exists ? '' : 'missing'}`} href={topologyPath(entity)}><span class="kind">{entity.kind}</span> {entity.name}{!exists && <span class="dim"> (named, not there)</span>}</a></li>)}</ul>
          {items.length > 300 && <p class="dim">{items.length - 300} more: type to find them.</p>}
        </section>
      ))}
    </div>
  )
}

const read = (entity: EntityJson, depth: number, signal: AbortSignal): Promise<GetTopologyResponseJson> =>
  get<GetTopologyResponseJson>('/v1/topology', { entity: { kind: entity.kind, namespace: entity.namespace, name: entity.name }, depth, limit: 500 }, signal)

function Around ({ entity }: { readonly entity: EntityJson }) {
  const depth = Math.min(3, Math.max(1, Number(params.value.get('depth') ?? 1) || 1))
  // Those that most clusters have everywhere are shown when they are asked for.
  const hidden = new Set((params.value.get('hide') ?? hiddenAtFirst).split(','))
  const center = entityKey(entity)
  const first = useResource(`${center} ${depth}`, signal => read(entity, depth, signal), true)
  const [grown, setGrown] = useState<Part | undefined>()
  const [chosen, setChosen] = useState<string | undefined>()
  const [problem, setProblem] = useState<Problem | undefined>()
  useEffect(() => { setGrown(undefined) }, [first.data])
  const base = useMemo(() => first.data === undefined ? undefined : partOf(first.data), [first.data])
  const whole = base === undefined ? undefined : grown === undefined ? base : joined(base, grown)
  const grow = async (of: EntityJson): Promise<void> => {
    try {
      const part = partOf(await read(of, 1, AbortSignal.timeout(15_000)))
      setGrown(old => old === undefined ? part : joined(old, part))
    } catch (error) { setProblem(problemOfError(error)) }
  }
  return (
    <Answer of={first} what="the neighbourhood">{({ omitted = 0, notes = [] }) => {
      if (whole === undefined || whole.nodes.size === 0) return <Empty title={`${entityText(entity)} is not in the topology`}><p>It may be gone, or Tapio never heard of it. <a href={eventsPath(entity)}>Its events</a></p></Empty>
      // What was typed may have no kind, or one in other letters.
      const middle = [...whole.nodes.keys()].find(key => key.toLowerCase() === center.toLowerCase()) ?? [...whole.nodes.keys()].find(key => key.endsWith(`/${entity.name ?? ''}`))
      const seen = saidOnce(reachable(narrowed(whole, key => key === middle || !hidden.has(kindOf(key))), [middle, chosen].filter(key => key !== undefined)))
      const node = chosen === undefined ? undefined : whole.nodes.get(chosen)
      return (
        <>
          <div class="filters">
            <Select label="Steps" value={String(depth)} options={[['1', '1 step around'], ['2', '2 steps'], ['3', '3 steps']]} onChange={value => { go(withParams({ depth: value }), { replace: true }) }} />
            <KindChoice part={whole} hidden={hidden} />
          </div>
          {problem !== undefined && <Failure problem={problem} />}
          {notes.map(note => <p key={note} class="callout">{note}</p>)}
          {omitted > 0 && <p class="callout">{omitted} more objects are beyond the limit.</p>}
          <div class={node === undefined ? '' : 'with-panel'}>
            {seen.nodes.size > mostDrawn
              ? <Empty title={`${seen.nodes.size} objects are too many to draw`}><p>Take fewer steps, hide kinds, or use the list.</p></Empty>
              : <TopologyDrawing part={seen} label={`Around ${entityText(entity)}`} chosen={chosen ?? middle} onBox={setChosen} more={more(seen, saidOnce(whole))} />}
            {node !== undefined && chosen !== undefined && <Panel name={entityText(node.entity)} title={<h3>{entityText(node.entity)}</h3>} onClose={() => { setChosen(undefined) }}><ObjectDetails part={whole} id={chosen} onGrow={() => { void grow(node.entity) }} /></Panel>}
          </div>
          <section class="card"><h2>As a list <span class="dim">{seen.nodes.size}</span></h2><RelationList part={seen} /></section>
        </>
      )
    }}</Answer>
  )
}

/** How many neighbours of a box the filter hides. */
function more (seen: Part, whole: Part): (key: string) => string {
  const shown = degrees(seen)
  const all = degrees(whole)
  return key => { const n = (all.get(key) ?? 0) - (shown.get(key) ?? 0); return n > 0 ? `+${n} hidden` : '' }
}

function KindChoice ({ part, hidden }: { readonly part: Part, readonly hidden: ReadonlySet<string> }) {
  const counts = new Map<string, number>()
  for (const { entity } of part.nodes.values()) counts.set(entity.kind ?? '', (counts.get(entity.kind ?? '') ?? 0) + 1)
  const toggle = (kind: string): void => {
    const next = new Set(hidden)
    if (!next.delete(kind)) next.add(kind)
    go(withParams({ hide: [...next].filter(k => k !== 'nothing').join(',') || 'nothing' }), { replace: true })
  }
  return <div class="choice" role="group" aria-label="Kinds shown">{[...counts].sort().map(([kind, n]) => <button key={kind} type="button" class="small" aria-pressed={!hidden.has(kind)} onClick={() => { toggle(kind) }}>{kind} {n}</button>)}</div>
}

function ObjectDetails ({ part, id, onGrow }: { readonly part: Part, readonly id: string, readonly onGrow: () => void }) {
  const node = part.nodes.get(id)
  if (node === undefined) return null
  const { entity, exists } = node
  return (
    <>
      {!exists && <p class="callout">Others name it; nobody made it, or it was deleted.</p>}
      {entity.uid !== undefined && <p class="dim">uid <code>{entity.uid}</code> <CopyButton text={entity.uid} what="the uid" /></p>}
      <p class="buttons"><button type="button" onClick={onGrow}>Show its neighbours</button> <a class="button" href={topologyPath(entity)}>Put it in the middle</a></p>
      <p><a href={eventsPath(entity)}>Its events</a> · <a href={`/incidents?entity=${encodeURIComponent(entityText(entity))}`}>Its incidents</a></p>
      <h3>Relations</h3>
      <RelationList part={{ nodes: part.nodes, relations: part.relations.filter(r => r.from === id || r.to === id) }} />
    </>
  )
}

function RelationList ({ part: { nodes, relations } }: { readonly part: Part }) {
  return <ul class="relations">{relations.map(({ from, to, kinds }) => <li key={`${from}>${to}`}><EntityLink entity={nodes.get(from)?.entity} /> <span class="dim">{kinds.map(spoken).join(', ')} →</span> <EntityLink entity={nodes.get(to)?.entity} /></li>)}</ul>
}
