import { useState } from 'preact/hooks'
import type { IncidentJson } from '../../gen/tapio/v1/incident_pb.js'
import { msOf } from '../format/time.js'
import { EvidenceRows } from './evidence-rows.js'

const few = 12

/** What the incident is known from, in order of time. */
export function Evidence ({ incident: { chain = [] } }: { readonly incident: IncidentJson }) {
  const [whole, setWhole] = useState(false)
  const rows = chain.flatMap(step => (step.evidence ?? []).map(evidence => ({ evidence, layer: step.layer }))).sort((a, b) => (msOf(a.evidence.time) ?? 0) - (msOf(b.evidence.time) ?? 0))
  return (
    <section class="card" id="evidence" aria-labelledby="evidence-title">
      <h2 id="evidence-title">Evidence <span class="dim">{rows.length}</span></h2>
      <EvidenceRows evidence={whole ? rows : rows.slice(0, few)} />
      {rows.length > few && <p><button type="button" class="small" aria-expanded={whole} onClick={() => { setWhole(!whole) }}>{whole ? 'show fewer' : `show all ${rows.length}`}</button></p>}
    </section>
  )
}
