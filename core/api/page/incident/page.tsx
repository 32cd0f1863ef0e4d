/** One incident: why, how, whom it hits, what to do, and what it is known from. */
import { useEffect } from 'preact/hooks'
import type { GetIncidentResponseJson, IncidentJson } from '../../gen/tapio/v1/incident_pb.js'
import { get } from '../data/client.js'
import { useResource } from '../data/resource.js'
import { all, seen } from '../incidents/book.js'
import { Answer } from '../parts/notice.js'
import { Actions } from './actions.js'
import { BlastRadius } from './blast-radius.js'
import { Chain } from './chain.js'
import { Evidence } from './evidence.js'
import { Hypotheses } from './hypotheses.js'
import { Story } from './story.js'
import { Summary } from './summary.js'
import { Timeline } from './timeline.js'
import { Traces } from './traces.js'

const parts = [['chain', 'Chain'], ['timeline', 'Timeline'], ['impact', 'Blast radius'], ['why', 'Hypotheses'], ['evidence', 'Evidence'], ['traces', 'Traces'], ['story', 'Story']] as const

export function IncidentPage ({ id }: { readonly id: string }) {
  const resource = useResource(id, signal => get<GetIncidentResponseJson>(`/v1/incidents/${encodeURIComponent(id)}`, {}, signal))
  // The list's stream says when there is a newer version.
  const newest = all.value.find(i => i.id === id)?.version
  const have = resource.data?.incident?.version
  useEffect(() => { seen(id) }, [id])
  useEffect(() => { if (newest !== undefined && have !== undefined && newest > have) resource.reload() }, [newest, have])
  return (
    <>
      <p class="crumbs"><a href="/incidents">← Incidents</a></p>
      <Answer of={resource} what="the incident">{({ incident = {} }) => <Incident incident={incident} />}</Answer>
    </>
  )
}

function Incident ({ incident }: { readonly incident: IncidentJson }) {
  return (
    <article class="incident">
      <div class="incident-top">
        <Summary incident={incident} />
        <Actions incident={incident} />
      </div>
      <nav class="parts" aria-label="Parts of the incident">{parts.map(([anchor, words]) => <a key={anchor} href={`#${anchor}`} onClick={event => { event.preventDefault(); document.getElementById(anchor)?.scrollIntoView() }}>{words}</a>)}</nav>
      <Chain incident={incident} />
      <Timeline incident={incident} />
      <BlastRadius incident={incident} />
      <Hypotheses incident={incident} />
      <Evidence incident={incident} />
      <Traces incident={incident} />
      <Story incident={incident} />
    </article>
  )
}
