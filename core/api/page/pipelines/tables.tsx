import type { PipelineStateJson, RingJson, ThreadJson } from '../../gen/tapio/v1/runtime_pb.js'
import { bytes, num, percent, short } from '../format/number.js'
import { durationMs, span } from '../format/time.js'
import { spoken } from '../format/words.js'
import { Meter } from '../parts/badges.js'
import { ringShare, ringTone } from './trouble.js'

export function ProcessFacts ({ state: { process = {}, window, threads = [], edges = [] } }: { readonly state: PipelineStateJson }) {
  const flights = edges.reduce((sum, e) => sum + (e.inFlightBatches ?? 0), 0)
  const facts: readonly (readonly [string, string])[] = [
    ['Memory', bytes(num(process.rssBytes))], ['CPU', `${num(process.cpuCores).toFixed(2)} cores`], ['Up', span(num(process.uptimeSeconds) * 1000)],
    ['Threads', String(threads.length)], ['Batches under way', String(flights)], ['Rates are of', span(durationMs(window) ?? 0)]
  ]
  return <dl class="tiles">{facts.map(([word, value]) => <div key={word}><dt>{word}</dt><dd>{value}</dd></div>)}</dl>
}

/** Queues between threads. */
export function Rings ({ rings }: { readonly rings: readonly RingJson[] }) {
  return (
    <section class="card" aria-labelledby="rings-title">
      <h2 id="rings-title">Queues between threads</h2>
      {rings.length === 0 && <p class="dim">None: this mode hands over without them.</p>}
      <ul class="bars">{rings.map(r => (
        <li key={r.id}>
          <span class="bar-name"><code>{r.id}</code></span>
          <Meter share={ringShare(r)} tone={ringTone(r)} label={`Fill of ${r.id ?? ''}`} />
          <span class="bar-value">{percent(ringShare(r))} <span class="dim">of {bytes(num(r.capacityBytes))}</span></span>
          {num(r.lostEvents) > 0 && <span class="bad-text">✕ {short(num(r.lostEvents))} lost</span>}
        </li>
      ))}</ul>
    </section>
  )
}

export function Threads ({ threads }: { readonly threads: readonly ThreadJson[] }) {
  return (
    <section class="card" aria-labelledby="threads-title">
      <h2 id="threads-title">Threads</h2>
      <ul class="bars">{threads.map(t => {
        const busy = num(t.utilization)
        return (
          <li key={t.name}>
            <span class="bar-name"><code>{t.name}</code></span>
            <Meter share={busy} tone={busy > 0.95 ? 'bad' : busy > 0.8 ? 'warn' : 'plain'} label={`How busy ${t.name ?? ''} is`} />
            <span class="bar-value">{percent(busy)} busy</span>
            <span class="bar-more dim">timers {num(t.delayP99Ms).toFixed(0)} ms late · heap {bytes(num(t.heapBytes))}</span>
          </li>
        )
      })}</ul>
    </section>
  )
}

interface Drop { readonly where: string, readonly reason: string, readonly events: number, readonly onPurpose: boolean }

function dropsOf ({ components = [], edges = [] }: PipelineStateJson): Drop[] {
  const ended = components.flatMap(c => (c.drops ?? []).map(d => ({ where: c.name ?? '', reason: d.reason ?? '', events: num(d.events), onPurpose: true })))
  const lost = edges.flatMap(e => [...(e.drops ?? []), { reason: 'rejected', events: e.rejected ?? '0' }].map(d => ({ where: `${e.from ?? ''} → ${e.to ?? ''}`, reason: d.reason ?? '', events: num(d.events), onPurpose: false })))
  return [...lost, ...ended].filter(d => d.events > 0).sort((a, b) => Number(a.onPurpose) - Number(b.onPurpose) || b.events - a.events)
}

export function Drops ({ state }: { readonly state: PipelineStateJson }) {
  const drops = dropsOf(state)
  return (
    <section class="card" aria-labelledby="drops-title">
      <h2 id="drops-title">Drops by reason</h2>
      {drops.length === 0
        ? <p class="good-text">● Nothing was dropped.</p>
        : <table><thead><tr><th scope="col">Reason</th><th scope="col">Where</th><th scope="col" class="number">Events</th></tr></thead><tbody>{drops.map((d, i) => <tr key={i} class={d.onPurpose ? '' : 'bad-text'}><td>{spoken(d.reason)}</td><td><code>{d.where}</code></td><td class="number">{short(d.events)}</td></tr>)}</tbody></table>}
    </section>
  )
}
