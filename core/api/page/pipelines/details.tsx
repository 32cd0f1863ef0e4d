import type { PipelineComponentJson, PipelineEdgeJson } from '../../gen/tapio/v1/runtime_pb.js'
import { num, short, whole } from '../format/number.js'
import { spoken } from '../format/words.js'
import { StateTag } from '../parts/badges.js'
import { LiveSample } from './live-sample.js'

export function EdgeDetails ({ edge: e }: { readonly edge: PipelineEdgeJson }) {
  const rows = [['Offered', e.sent], ['Taken', e.accepted], ['Rejected', e.rejected], ['Refused', e.refused], ['To be sent again', e.retried]] as const
  return (
    <>
      <p class="big">{short(num(e.eventsPerSecond))} <span class="dim">events/s</span></p>
      <p class="dim">{num(e.latencyP99Ms) === 0 ? 'No latency: nothing flowed.' : `Half within ${num(e.latencyP50Ms).toFixed(1)} ms, 99 of 100 within ${num(e.latencyP99Ms).toFixed(1)} ms.`} {e.inFlightBatches ?? 0} batches under way. Pipeline {e.pipeline}.</p>
      <dl class="counts">
        {rows.map(([word, n]) => <div key={word}><dt>{word}</dt><dd>{whole(num(n))}</dd></div>)}
        {(e.drops ?? []).map(d => <div key={d.reason} class="bad-text"><dt>Dropped: {spoken(d.reason)}</dt><dd>{whole(num(d.events))}</dd></div>)}
      </dl>
      <LiveSample edge={`${e.from ?? ''} -> ${e.to ?? ''}`} />
    </>
  )
}

export function ComponentDetails ({ component: c }: { readonly component: PipelineComponentJson }) {
  return (
    <>
      <p><StateTag state={c.state} /> {(c.reason ?? '') !== '' && <span>{c.reason}</span>}</p>
      <p class="dim">Threads: {(c.threads ?? []).join(', ') || '–'}. Pipelines: {(c.pipelines ?? []).join(', ') || '–'}.</p>
      {(c.drops ?? []).length > 0 && <><h3>Events that ended here</h3><dl class="counts">{(c.drops ?? []).map(d => <div key={d.reason}><dt>{spoken(d.reason)}</dt><dd>{whole(num(d.events))}</dd></div>)}</dl></>}
      <LiveSample edge={c.name ?? ''} />
    </>
  )
}
