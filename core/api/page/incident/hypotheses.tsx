import type { HypothesisJson, IncidentJson, ReasonJson } from '../../gen/tapio/v1/incident_pb.js'
import { num, percent } from '../format/number.js'
import { LayerTag, Meter } from '../parts/badges.js'
import { EntityLink } from '../parts/entity.js'

/** What else it could be, and why it is thought to be this. */
export function Hypotheses ({ incident: { hypotheses = [] } }: { readonly incident: IncidentJson }) {
  return (
    <section class="card" id="why" aria-labelledby="why-title">
      <h2 id="why-title">Hypotheses</h2>
      {hypotheses.length === 0 && <p class="dim">None yet: there is not enough evidence.</p>}
      <ol class="hypotheses">{hypotheses.map((h, i) => <Hypothesis key={i} hypothesis={h} best={i === 0} />)}</ol>
    </section>
  )
}

function Hypothesis ({ hypothesis: h, best }: { readonly hypothesis: HypothesisJson, readonly best: boolean }) {
  return (
    <li>
      <details open={best}>
        <summary><Meter share={num(h.score)} label="Confidence" /> <b class="share">{percent(num(h.score))}</b> {h.title}</summary>
        <p>{h.explanation}</p>
        <p class="dim"><LayerTag layer={h.layer} /> <EntityLink entity={h.subject} /> <code>{h.pattern}</code></p>
        <div class="reasons"><Reasons title="For it" reasons={h.for ?? []} look="for" /><Reasons title="Against it" reasons={h.against ?? []} look="against" /></div>
      </details>
    </li>
  )
}

function Reasons ({ title, reasons, look }: { readonly title: string, readonly reasons: readonly ReasonJson[], readonly look: 'for' | 'against' }) {
  return (
    <div class={`reasons-${look}`}>
      <h3>{title}</h3>
      {reasons.length === 0 ? <p class="dim">Nothing.</p> : <ul>{reasons.map((r, i) => <li key={i}><span class="weight">{(num(r.weight)) >= 0 ? '+' : '−'}{Math.abs(Math.round((num(r.weight)) * 100))}</span> {r.text}</li>)}</ul>}
    </div>
  )
}
