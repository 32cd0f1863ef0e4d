/** All that is known of one step of the chain. */
import type { ChainStepJson, IncidentJson } from '../../gen/tapio/v1/incident_pb.js'
import { count, num, percent } from '../format/number.js'
import { LayerTag } from '../parts/badges.js'
import { EntityLink } from '../parts/entity.js'
import { Lasting, Time } from '../parts/time.js'
import { EvidenceRows } from './evidence-rows.js'

export function StepDetails ({ incident: { chain = [] }, step, onStep }: { readonly incident: IncidentJson, readonly step: number, readonly onStep: (step: number) => void }) {
  const it = chain[step] as ChainStepJson
  const effects = chain.flatMap((other, at) => (other.causes ?? []).filter(c => (c.step ?? 0) === step).map(cause => ({ at, other, cause })))
  return (
    <>
      <p><LayerTag layer={it.layer} /> <EntityLink entity={it.entity} /></p>
      <p class="step-text">{it.text}</p>
      {it.detail !== undefined && <p class="step-detail">{it.detail}</p>}
      <p class="dim"><Time at={it.time} />{num(it.count) > 1 && <> · {count(num(it.count), 'event')} over <Lasting from={it.time} to={it.lastTime} /></>} · {percent(num(it.confidence))} sure · <code>{it.sign}</code></p>
      <h3>Caused by</h3>
      {(it.causes ?? []).length === 0 && <p class="dim">Nothing that Tapio saw: it is a root.</p>}
      <ul class="links">{(it.causes ?? []).map(({ step: from = 0, confidence, kind, why }) => <li key={from}><button type="button" class="link" onClick={() => { onStep(from) }}>{from + 1}. {chain[from]?.text}</button><p class="dim">{why} <span class="badge plain">{kind} {percent(num(confidence))}</span></p></li>)}</ul>
      {effects.length > 0 && <><h3>Led to</h3><ul class="links">{effects.map(({ at, other, cause }) => <li key={at}><button type="button" class="link" onClick={() => { onStep(at) }}>{at + 1}. {other.text}</button><p class="dim">{cause.why} <span class="badge plain">{cause.kind} {percent(num(cause.confidence))}</span></p></li>)}</ul></>}
      <h3>Evidence</h3>
      <EvidenceRows evidence={(it.evidence ?? []).map(evidence => ({ evidence, layer: it.layer }))} />
      {it.id !== undefined && <p><a href={`/events?symptom=${it.id}`}>All stored events of this step</a></p>}
    </>
  )
}
