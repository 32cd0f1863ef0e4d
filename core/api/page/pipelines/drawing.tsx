import { num, short } from '../format/number.js'
import { spoken } from '../format/words.js'
import { Graph } from '../parts/graph.js'
import type { Looks } from './page.js'
import { componentTrouble, dropped, edgeId, edgeTrouble, edgeWords, lost } from './trouble.js'

const signs = { good: '●', idle: '○', warn: '▲', bad: '✕' } as const

/** Short ones: the whole is in the box's name. */
const stateShort = (state: string | undefined): string => state === 'recoverable_error' ? 'error' : state === 'permanent_error' || state === 'fatal_error' ? 'failed' : spoken(state)

const ms = (n: number): string => n === 0 ? '' : ` · ${n < 10 ? n.toFixed(1) : Math.round(n)} ms`

export function PipelineDrawing ({ looks: { now, before }, chosen, onChoose }: { readonly looks: Looks, readonly chosen: string | undefined, readonly onChoose: (id: string) => void }) {
  const earlier = new Map((before?.edges ?? []).map(e => [edgeId(e), e]))
  const boxes = (now.components ?? []).map(c => {
    const trouble = componentTrouble(c)
    const drops = dropped(c.drops)
    return {
      id: c.name ?? '', width: 168, height: 44, look: `component ${trouble}`, name: `${c.name ?? ''}: ${spoken(c.state)}${drops > 0 ? `, ${short(drops)} events ended in it` : ''}`,
      content: <><span class="object-head"><span class="kind">{c.kind}</span>{c.kind !== 'pipeline' && <span class={`component-state ${trouble}`}>{signs[trouble]} {stateShort(c.state)}</span>}</span><span class="object-name">{c.id ?? c.name}</span>{drops > 0 && <span class="component-drops dim">−{short(drops)}</span>}</>
    }
  })
  const arrows = (now.edges ?? []).map(e => {
    const id = edgeId(e)
    const trouble = edgeTrouble(e, earlier.get(id))
    const rate = num(e.eventsPerSecond)
    return {
      id, from: e.from ?? '', to: e.to ?? '', look: trouble, thick: 1.5 + Math.min(4, Math.log10(1 + rate)), label: { width: 104, height: lost(e) > 0 ? 30 : 18 },
      name: `${e.from ?? ''} to ${e.to ?? ''}: ${short(rate)} events a second, ${edgeWords(trouble)}${lost(e) > 0 ? `, ${short(lost(e))} lost so far` : ''}. Opens a live sample.`,
      words: <><span>{short(rate)}/s{ms(num(e.latencyP99Ms))}</span>{lost(e) > 0 && <span class="edge-lost">✕ {short(lost(e))} lost</span>}</>
    }
  })
  return <Graph label="Pipelines" boxes={boxes} arrows={arrows} direction="TB" chosen={chosen} smallest={0.6} onBox={onChoose} onArrow={onChoose} />
}
