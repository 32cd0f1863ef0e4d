/**
 * How many rows a dead thread had taken over and not passed on: for each of its processors, what came in over the edges
 * to it, less what left over the edges from it, less what it dropped on purpose; and what its exporters' queues held in memory. What
 * it had not finished taking is not in here: the ring still holds it.
 */
import { edgeMetrics } from '../telemetry/edges.js'
import { exposedName } from '../telemetry/declaration.js'
import type { MetricSnapshot, NumberSeries } from '../telemetry/snapshot.js'
import { componentDropped } from '../telemetry/drops.js'
import { rowsInMemory } from '../delivery/queue/options.js'

export function rowsHeld (snapshot: MetricSnapshot): number {
  const sent = seriesOf(snapshot, exposedName(edgeMetrics.accepted))
  const dropped = seriesOf(snapshot, exposedName(componentDropped))
  const processors = new Set(sent.map(s => `${s.attributes.pipeline} ${s.attributes.to}`).filter(k => k.includes(' processor/')))
  let held = sum(seriesOf(snapshot, exposedName(rowsInMemory)), () => true)
  for (const key of processors) {
    const [pipeline, name] = key.split(' ') as [string, string]
    const inward = sum(sent, s => s.attributes.to === name && s.attributes.pipeline === pipeline)
    const outward = Math.max(0, ...groups(sent.filter(s => s.attributes.from === name && s.attributes.pipeline === pipeline)))
    held += Math.max(0, inward - outward - sum(dropped, s => s.attributes.component === name && s.attributes.pipeline === pipeline))
  }
  return held
}

/** Rows out by destination: a fan-out sends the same rows to each. */
function groups (series: readonly NumberSeries[]): number[] {
  return [...new Set(series.map(s => s.attributes.to))].map(to => sum(series, s => s.attributes.to === to))
}

function seriesOf (snapshot: MetricSnapshot, name: string): readonly NumberSeries[] {
  const family = snapshot.families.find(f => f.name === name)
  return family?.kind === 'number' ? family.series : []
}

function sum (series: readonly NumberSeries[], which: (s: NumberSeries) => boolean): number {
  return series.filter(which).reduce((n, s) => n + Number(s.value), 0)
}
