/** The edges of a plan, as thread-graph.ts makes them, in the order of flow. */
import type { Plan } from './plan.js'
import type { EdgeEnds } from './tap.js'

export function edgesOf ({ pipelines }: Plan): readonly EdgeEnds[] {
  return [...pipelines].reverse().flatMap(p => {
    const stations = [`pipeline/${p.id}`, ...p.processors.map(id => `processor/${id}`)]
    const last = stations.at(-1) as string
    const starts = [...p.realReceivers.map(id => `receiver/${id}`), ...p.fromConnectors.map(id => `connector/${id}`)]
    const ends = [...p.toConnectors.map(id => `connector/${id}`), ...p.realExporters.map(id => `exporter/${id}`)]
    return [
      ...starts.map(from => ({ from, to: `pipeline/${p.id}`, pipeline: p.id })),
      ...stations.slice(1).map((to, i) => ({ from: stations[i] as string, to, pipeline: p.id })),
      ...ends.map(to => ({ from: last, to, pipeline: p.id }))
    ]
  })
}
