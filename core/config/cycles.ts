/** Cycles among pipelines: pipeline A exports to a connector that pipeline B receives from, and so back to A. */
import type { FaultList } from './faults.js'
import type { Use } from './pipelines.js'
import type { ResolvedPipeline } from './shape.js'

interface Edge { readonly connector: string; readonly to: string }

/** Reports each group of pipelines that feed each other once, with one cycle of it written out. */
export function reportCycles (pipelines: readonly ResolvedPipeline[], uses: readonly Use[], faults: FaultList): void {
  const edges = connectorEdges(pipelines)
  const reported = new Set<string>()
  for (const { name } of pipelines) {
    if (reported.has(name)) continue
    const cycle = shortestCycle(name, edges)
    if (cycle === undefined) continue
    for (const edge of cycle) reported.add(edge.to)
    const use = uses.find(u => u.pipeline === name && u.side === 'exporters' && u.id.text === cycle[0]?.connector)
    if (use !== undefined) faults.error('CFG068', use.at, use.path, `the pipelines form a cycle: ${cycleText(name, cycle)}`, { help: 'a batch would go round for ever: break one of these edges' })
  }
}

const maxShownEdges = 12

/** `traces -> forward -> logs -> … -> traces`, its middle left out when nobody could follow it. */
function cycleText (start: string, cycle: readonly Edge[]): string {
  const shown = (edges: readonly Edge[]): string[] => edges.flatMap(edge => [edge.connector, edge.to])
  if (cycle.length <= maxShownEdges) return [start, ...shown(cycle)].join(' -> ')
  const left = `… ${cycle.length - maxShownEdges} more pipelines …`
  return [start, ...shown(cycle.slice(0, maxShownEdges - 2)), left, ...shown(cycle.slice(-2))].join(' -> ')
}

function connectorEdges (pipelines: readonly ResolvedPipeline[]): ReadonlyMap<string, readonly Edge[]> {
  const receivers = new Map<string, string[]>()
  for (const { name, receivers: ids } of pipelines) {
    for (const id of ids) if (id.kind === 'connector') receivers.set(id.text, [...receivers.get(id.text) ?? [], name])
  }
  return new Map(pipelines.map(({ name, exporters }) => [name, exporters
    .filter(id => id.kind === 'connector')
    .flatMap(id => (receivers.get(id.text) ?? []).map(to => ({ connector: id.text, to })))]))
}

/** Breadth first from `start` back to it. */
function shortestCycle (start: string, edges: ReadonlyMap<string, readonly Edge[]>): readonly Edge[] | undefined {
  const cameBy = new Map<string, { readonly from: string; readonly edge: Edge }>()
  const queue = [start]
  for (let from = queue.shift(); from !== undefined; from = queue.shift()) {
    for (const edge of edges.get(from) ?? []) {
      if (!cameBy.has(edge.to)) {
        cameBy.set(edge.to, { from, edge })
        if (edge.to !== start) queue.push(edge.to)
      }
      if (edge.to === start) return pathBack(start, cameBy)
    }
  }
  return undefined
}

function pathBack (start: string, cameBy: ReadonlyMap<string, { readonly from: string; readonly edge: Edge }>): readonly Edge[] {
  const path: Edge[] = []
  let at = start
  do {
    const step = cameBy.get(at)
    if (step === undefined) break
    path.unshift(step.edge)
    at = step.from
  } while (at !== start)
  return path
}
