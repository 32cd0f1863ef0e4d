/** Places boxes and arrows (dagre: layers, few crossings). Pure; the same graph gives the same picture. */
import { Graph, layout } from '@dagrejs/dagre'

export interface Box { readonly id: string, readonly width: number, readonly height: number }
export interface Arrow { readonly id: string, readonly from: string, readonly to: string, /** Room for words on it. */ readonly label?: { readonly width: number, readonly height: number } }

export interface Point { readonly x: number, readonly y: number }
export interface Placed {
  readonly width: number
  readonly height: number
  /** Centres, by id. */
  readonly boxes: ReadonlyMap<string, Point>
  readonly arrows: ReadonlyMap<string, { readonly points: readonly Point[], /** Centre of the words. */ readonly label: Point | undefined }>
}

export type Direction = 'TB' | 'LR'

export function placed (boxes: readonly Box[], arrows: readonly Arrow[], direction: Direction): Placed {
  const graph = new Graph({ multigraph: true })
  graph.setGraph({ rankdir: direction, nodesep: 16, ranksep: direction === 'TB' ? 34 : 44, marginx: 10, marginy: 10 })
  for (const { id, width, height } of boxes) graph.setNode(id, { width, height })
  for (const { id, from, to, label } of arrows) {
    if (graph.hasNode(from) && graph.hasNode(to)) graph.setEdge(from, to, label === undefined ? {} : { width: label.width, height: label.height, labelpos: 'c' }, id)
  }
  layout(graph)
  const { width = 0, height = 0 } = graph.graph() as { readonly width?: number, readonly height?: number }
  const at = new Map(graph.nodes().map(id => { const { x, y } = graph.node(id) as Point; return [id, { x, y }] }))
  const lines = new Map(graph.edges().map(edge => {
    const { points, x, y } = graph.edge(edge) as { readonly points: readonly Point[], readonly x?: number, readonly y?: number }
    return [edge.name ?? '', { points, label: x === undefined || y === undefined ? undefined : { x, y } }]
  }))
  return { width, height, boxes: at, arrows: lines }
}

/** A soft line through the points. */
export function curve (points: readonly Point[]): string {
  const [first, ...rest] = points
  if (first === undefined) return ''
  let d = `M${r(first.x)},${r(first.y)}`
  for (const [i, p] of rest.entries()) {
    const next = rest[i + 1]
    if (next === undefined) d += ` L${r(p.x)},${r(p.y)}`
    else d += ` Q${r(p.x)},${r(p.y)} ${r((p.x + next.x) / 2)},${r((p.y + next.y) / 2)}`
  }
  return d
}

/** A head at the last point. */
export function arrowHead (points: readonly Point[], size = 7): string {
  const end = points.at(-1)
  const before = points.at(-2)
  if (end === undefined || before === undefined) return ''
  const turn = Math.atan2(end.y - before.y, end.x - before.x)
  const wing = (side: number): string => `${r(end.x - size * Math.cos(turn + side))},${r(end.y - size * Math.sin(turn + side))}`
  return `M${r(end.x)},${r(end.y)} L${wing(0.45)} L${wing(-0.45)} Z`
}

const r = (n: number): number => Math.round(n * 10) / 10

/** The box that an arrow key leads to: near, and more ahead than aside. Undefined: none is there. */
export function towards (boxes: ReadonlyMap<string, Point>, from: string, key: string): string | undefined {
  const here = boxes.get(from)
  const [ahead, aside] = ({ ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] } as const)[key] ?? []
  if (here === undefined || ahead === undefined || aside === undefined) return undefined
  let best: { readonly id: string, readonly far: number } | undefined
  for (const [id, { x, y }] of boxes) {
    const dx = x - here.x
    const dy = y - here.y
    const forward = dx * ahead + dy * aside
    if (id === from || forward < 1) continue
    const far = forward + 2.5 * Math.abs(ahead === 0 ? dx : dy)
    if (best === undefined || far < best.far) best = { id, far }
  }
  return best?.id
}
