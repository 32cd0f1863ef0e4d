/**
 * How many rows a dead thread had taken over and not passed on: for each of its processors, what came in over the edges
 * to it, less what left over the edges from it, less what it dropped on purpose; and what its exporters' queues held in memory. What
 * it had not finished taking is not in here: the ring still holds it.
 *
 * Counted since the plan last changed: before that, edges may have led elsewhere.
 */
import { edgeMetrics } from '../telemetry/edges.js'
import { exposedName } from '../telemetry/declaration.js'
import type { MetricSnapshot, NumberSeries } from '../telemetry/snapshot.js'
import { attributesKey } from '../telemetry/series.js'
import { componentDropped } from '../telemetry/drops.js'
import { rowsInMemory } from '../delivery/queue/options.js'

export class Flows {
  /** `before`: counts when the plan changed, and what each processor that stayed held then. */
  constructor (readonly before: { readonly snapshot: MetricSnapshot, readonly held: ReadonlyMap<string, number> } | undefined = undefined) {}

  /** Rows held by all processors and queues in memory of the thread. */
  held (now: MetricSnapshot): number {
    const queued = seriesOf(now, exposedName(rowsInMemory)).reduce((sum, s) => sum + Number(s.value), 0)
    return queued + [...this.#held(now).values()].reduce((sum, rows) => sum + Math.max(0, rows), 0)
  }

  /** The same from now on by another plan; `kept` are the keys (`keyOf`) of what of it stayed. */
  from (now: MetricSnapshot, kept: ReadonlySet<string>): Flows {
    const stayed = new Set([...kept].map(key => { const [name, pipeline] = key.split(' '); return `${pipeline} ${name}` }))
    return new Flows({ snapshot: now, held: new Map([...this.#held(now)].filter(([key]) => stayed.has(key))) })
  }

  /** By `PIPELINE processor/ID`. Below zero when a batch on its way has been counted behind and not yet in front. */
  #held (now: MetricSnapshot): Map<string, number> {
    const sent = this.#since(now, exposedName(edgeMetrics.accepted))
    const dropped = this.#since(now, exposedName(componentDropped))
    const held = new Map(this.before?.held)
    for (const key of new Set(sent.map(s => `${s.attributes.pipeline} ${s.attributes.to}`).filter(k => k.includes(' processor/')))) {
      const [pipeline, name] = key.split(' ') as [string, string]
      const inward = sum(sent, s => s.attributes.to === name && s.attributes.pipeline === pipeline)
      const outward = Math.max(0, ...groups(sent.filter(s => s.attributes.from === name && s.attributes.pipeline === pipeline)))
      held.set(key, (held.get(key) ?? 0) + inward - outward - sum(dropped, s => s.attributes.component === name && s.attributes.pipeline === pipeline))
    }
    return held
  }

  #since (now: MetricSnapshot, name: string): readonly Counted[] {
    const before = new Map(seriesOf(this.before?.snapshot, name).map(s => [attributesKey(s.attributes), Number(s.value)]))
    return seriesOf(now, name).map(({ attributes, value }) => ({ attributes, rows: Number(value) - (before.get(attributesKey(attributes)) ?? 0) }))
  }
}

interface Counted { readonly attributes: NumberSeries['attributes'], readonly rows: number }

/** Rows out by destination: a fan-out sends the same rows to each. */
function groups (series: readonly Counted[]): number[] {
  return [...new Set(series.map(s => s.attributes.to))].map(to => sum(series, s => s.attributes.to === to))
}

function seriesOf (snapshot: MetricSnapshot | undefined, name: string): readonly NumberSeries[] {
  const family = snapshot?.families.find(f => f.name === name)
  return family?.kind === 'number' ? family.series : []
}

function sum (series: readonly Counted[], which: (s: Counted) => boolean): number {
  return series.filter(which).reduce((n, s) => n + s.rows, 0)
}
