/** What caused what: as a picture from the top down, or as a list in the same order. */
import { useState } from 'preact/hooks'
import type { ChainStepJson, IncidentJson } from '../../gen/tapio/v1/incident_pb.js'
import { narrow } from '../data/media.js'
import { entityText } from '../format/entity.js'
import { count, num, percent, short } from '../format/number.js'
import { msOf, span } from '../format/time.js'
import { layerOf, layers, layerWords } from '../format/words.js'
import { Choice } from '../parts/fields.js'
import { Graph, type GraphArrow, type GraphBox } from '../parts/graph.js'
import { LayerTag } from '../parts/badges.js'
import { Panel } from '../parts/panel.js'
import { chooseStep, chosenStep } from './chosen-step.js'
import { StepDetails } from './step.js'

const name = (step: ChainStepJson, i: number): string => `${i + 1}. ${layerWords[layerOf(step.layer)]}: ${step.text ?? ''}`

/** `+11 s`: since the first step of all. */
export function sinceStart ({ chain = [] }: IncidentJson, step: ChainStepJson): string {
  const first = Math.min(...chain.map(s => msOf(s.time) ?? Infinity))
  const ms = (msOf(step.time) ?? first) - first
  return Number.isFinite(ms) ? ms < 50 ? 'start' : `+${span(ms)}` : ''
}

function boxesOf (incident: IncidentJson): GraphBox[] {
  return (incident.chain ?? []).map((step, i) => ({
    id: String(i), width: 204, height: 94, look: `step ${layerOf(step.layer)} ${(step.causes ?? []).length === 0 ? 'root' : ''}`, name: name(step, i),
    content: (
      <>
        <span class="step-head"><span class="step-layer">{layerWords[layerOf(step.layer)]}</span><span class="step-when">{sinceStart(incident, step)}{num(step.count) > 1 && ` ×${short(num(step.count))}`}</span></span>
        <span class="step-words"><b>{i + 1}.</b> {step.text}</span>
      </>
    )
  }))
}

/** The surest cause of each step makes a tree, which is what can be read at a glance; the others are drawn thin when they are asked for. */
function arrowsOf ({ chain = [] }: IncidentJson, whole: boolean): GraphArrow[] {
  return chain.flatMap((step, i) => {
    const causes = [...step.causes ?? []].sort((a, b) => num(b.confidence) - num(a.confidence))
    return causes.slice(0, whole ? undefined : 1).map(({ step: from = 0, confidence }, at) => ({ id: `${from}-${i}`, from: String(from), to: String(i), look: at === 0 ? '' : 'lesser', thick: at === 0 ? 1 + num(confidence) : 1 }))
  })
}

function lesserCauses ({ chain = [] }: IncidentJson): number { return chain.reduce((sum, step) => sum + Math.max(0, (step.causes ?? []).length - 1), 0) }

export function Chain ({ incident }: { readonly incident: IncidentJson }) {
  const [look, setLook] = useState<'graph' | 'list'>(narrow.peek() ? 'list' : 'graph')
  const [whole, setWhole] = useState(false)
  const { chain = [], omitted = 0 } = incident
  const lesser = lesserCauses(incident)
  const step = chosenStep(incident)
  return (
    <section class="card" id="chain" aria-labelledby="chain-title">
      <header class="section-head">
        <h2 id="chain-title">What caused what</h2>
        <Choice label="Show as" value={look} options={[['graph', 'graph'], ['list', 'list']]} onChange={setLook} />
        {look === 'graph' && lesser > 0 && <button type="button" class="small" aria-pressed={whole} onClick={() => { setWhole(!whole) }}>{count(lesser, 'lesser cause')}</button>}
        <ul class="legend" aria-label="Layers">{layers.filter(l => chain.some(s => layerOf(s.layer) === l)).map(l => <li key={l}><LayerTag layer={l} /></li>)}</ul>
      </header>
      {chain.length === 0 && <p class="dim">This incident has no steps.</p>}
      <div class={step === undefined || look === 'list' ? '' : 'with-panel'}>
        {look === 'graph'
          ? <Graph label="Causal chain" boxes={boxesOf(incident)} arrows={arrowsOf(incident, whole)} direction="TB" chosen={step === undefined ? undefined : String(step)} smallest={0.75} onBox={id => { chooseStep(Number(id)) }} />
          : <ChainList incident={incident} chosen={step} />}
        {step !== undefined && look === 'graph' && <Panel name={`Step ${step + 1}`} title={<h3>Step {step + 1} of {chain.length}</h3>} onClose={() => { chooseStep(undefined) }}><StepDetails incident={incident} step={step} onStep={chooseStep} /></Panel>}
      </div>
      {omitted > 0 && <p class="dim">{omitted} more steps found no place in this chain.</p>}
    </section>
  )
}

function ChainList ({ incident, chosen }: { readonly incident: IncidentJson, readonly chosen: number | undefined }) {
  const { chain = [] } = incident
  return (
    <ol class="chain-list">
      {chain.map((step, i) => (
        <li key={i}>
          <button type="button" class={`chain-row ${layerOf(step.layer)} ${chosen === i ? 'chosen' : ''}`} aria-expanded={chosen === i} onClick={() => { chooseStep(chosen === i ? undefined : i) }}>
            <span class="chain-number">{i + 1}</span>
            <LayerTag layer={step.layer} />
            <span class="chain-text">{step.text}{step.detail !== undefined && <span class="dim chain-detail"> {step.detail}</span>}</span>
            <span class="dim chain-when">{sinceStart(incident, step)}{num(step.count) > 1 && ` ×${short(num(step.count))}`}</span>
            <span class="dim chain-cause">{(step.causes ?? []).length === 0 ? 'root' : (step.causes ?? []).map(c => `← ${(c.step ?? 0) + 1} (${percent(num(c.confidence))})`).join(' ')}</span>
            <span class="off-screen">{entityText(step.entity)}</span>
          </button>
          {chosen === i && <div class="chain-open"><StepDetails incident={incident} step={i} onStep={chooseStep} /></div>}
        </li>
      ))}
    </ol>
  )
}
