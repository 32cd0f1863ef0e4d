import type { IncidentJson } from '../../gen/tapio/v1/incident_pb.js'
import { affectedText } from '../incidents/affected-text.js'
import { count, num, percent } from '../format/number.js'
import { durationMs, span } from '../format/time.js'
import { LayerTag, Meter, Severity } from '../parts/badges.js'
import { EntityLink } from '../parts/entity.js'
import { Lasting, Time } from '../parts/time.js'

/** What a person who was just woken must know. */
export function Summary ({ incident }: { readonly incident: IncidentJson }) {
  const { id = '', severity, status, title, hypotheses: [best] = [], impact = {}, startTime, updatedTime, resolvedTime, notes = [], mergedInto, related = [] } = incident
  const over = status === 'resolved'
  const affected = affectedText(impact.counts)
  return (
    <section class="summary card" aria-labelledby="title">
      <p class="summary-line">
        <Severity level={severity} />
        <span class={`badge ${over ? 'over' : 'open'}`}>{over ? 'resolved' : 'open'}</span>
        <span>{over ? 'lasted' : 'for'} <Lasting from={startTime} to={over ? resolvedTime ?? updatedTime : undefined} /></span>
        <span class="dim">since <Time at={startTime} /></span>
        <code class="dim" title="id of the incident">{id}</code>
      </p>
      <h1 id="title">{title}</h1>
      {mergedInto !== undefined && <p class="callout">It turned out to be part of <a href={`/incidents/${mergedInto}`}>incident {mergedInto}</a>, which tells the story on.</p>}
      {best !== undefined && (
        <div class="cause">
          <p>{best.explanation}</p>
          <p class="cause-line"><LayerTag layer={best.layer} /> <EntityLink entity={best.subject} /> <span class="confidence"><Meter share={num(best.score)} label="Confidence" /> {percent(num(best.score))} sure</span></p>
        </div>
      )}
      <dl class="facts">
        <div><dt>Impact</dt><dd>{impact.summary ?? 'none known'}</dd></div>
        <div><dt>In trouble</dt><dd>{affected === '' ? 'nobody counted' : affected}{num(impact.cascadeRisk) > 0 && <span class="dim"> · {percent(num(impact.cascadeRisk))} likely to spread</span>}</dd></div>
        <div><dt>Detected</dt><dd><Time at={incident.detectedTime} /> <span class="dim">{durationMs(incident.timeToDetection) !== undefined && `${span(durationMs(incident.timeToDetection) ?? 0)} after the first trouble`}</span></dd></div>
        <div><dt>{over ? 'Over' : 'Last evidence'}</dt><dd><Time at={over ? resolvedTime ?? updatedTime : updatedTime} /> <span class="dim">{count(num(incident.events), 'event')}</span></dd></div>
      </dl>
      {related.length > 0 && <p class="dim">Joined with or split from: {related.map((other, i) => <>{i > 0 && ', '}<a key={other} href={`/incidents/${other}`}>{other}</a></>)}</p>}
      {notes.length > 0 && <ul class="notes" aria-label="What to know about this text">{notes.map(note => <li key={note}>{note}</li>)}</ul>}
    </section>
  )
}
