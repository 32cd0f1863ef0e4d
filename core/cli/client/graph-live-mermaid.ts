/** The pipelines as they run, for a document: https://mermaid.js.org/syntax/flowchart.html. */
import type { PipelineComponent, PipelineEdge } from '../../api/gen/tapio/v1/runtime_pb.js'
import { printable } from '../../story/printable.js'
import { msText, rateText } from './figures.js'
import type { LiveGraph } from './graph-live-state.js'
import { Losses } from './losses.js'

/** Arrows say what flows; what is not well is red, what does less is amber. */
export function graphMermaid ({ state }: LiveGraph, before: LiveGraph | undefined): string {
  const losses = new Losses(state, before?.state)
  const ids = new Map<string, string>()
  const lines: string[] = []
  /** Processors stand once in each pipeline, all others once. */
  const node = (name: string, pipeline: string): string => {
    const key = name.startsWith('processor/') ? `${pipeline}\n${name}` : name
    const known = ids.get(key)
    if (known !== undefined) return known
    const id = `n${ids.size}`
    ids.set(key, id)
    const one = state.components.find(c => c.name === name)
    lines.push(`  ${id}${shape(name, labelOf(name, one))}${one === undefined ? '' : classOf(one.state)}`)
    return id
  }
  const arrows = state.edges.map(edge => {
    const lost = [...losses.ofEdge(edge), ...(edge.to.startsWith('pipeline/') ? [] : losses.ofComponent(edge.to, state.components.find(c => c.name === edge.to)?.drops ?? []))]
    return `  ${node(edge.from, edge.pipeline)} -->|"${rateOf(edge, lost.reduce((sum, l) => sum + (l.perSecond ?? 0), 0))}"| ${node(edge.to, edge.pipeline)}`
  })
  return ['flowchart LR', ...lines, ...arrows, '  classDef bad fill:#f8d7da,stroke:#b02a37', '  classDef warn fill:#fff3cd,stroke:#997404', ''].join('\n')
}

function rateOf ({ eventsPerSecond, latencyP99Ms }: PipelineEdge, lostPerSecond: number): string {
  return [`${rateText(eventsPerSecond)}/s`, ...(latencyP99Ms > 0 ? [`p99 ${msText(latencyP99Ms)} ms`] : []), ...(lostPerSecond > 0 ? [`${rateText(lostPerSecond)}/s lost`] : [])].join('<br/>')
}

function labelOf (name: string, one: PipelineComponent | undefined): string {
  const id = name.slice(name.indexOf('/') + 1)
  return [id, ...(one === undefined || isWell(one.state) ? [] : [one.reason === '' ? one.state : `${one.state}: ${one.reason}`])].map(text => quoted(printable(text, 80))).join('<br/>')
}

/** Entities of Mermaid: `#` begins one, and markup is not for names. */
const quoted = (text: string): string => text.replaceAll('#', '#35;').replaceAll('"', '#quot;').replaceAll('<', '#lt;').replaceAll('>', '#gt;')

const isWell = (state: string): boolean => state === 'ok' || state === ''
const classOf = (state: string): string => isWell(state) ? '' : state.includes('error') ? ':::bad' : ':::warn'

function shape (name: string, label: string): string {
  switch (name.slice(0, name.indexOf('/'))) {
    case 'receiver': return `(["${label}"])`
    case 'exporter': return `[/"${label}"/]`
    case 'connector': return `{{"${label}"}}`
    case 'pipeline': return `(("${label}"))`
    default: return `["${label}"]`
  }
}
