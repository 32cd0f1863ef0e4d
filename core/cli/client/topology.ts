/** `tapio topology`: what the cluster is made of, as a tree. */
import { create, toJson } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import type { ApiClient } from '../../api/client/client.js'
import { GetTopologyResponseSchema, type GetTopologyResponse } from '../../api/gen/tapio/v1/runtime_pb.js'
import { TapioService } from '../../api/gen/tapio/v1/tapio_service_pb.js'
import { entityText, type EntityRef } from '../../correlation/entity.js'
import { safeYaml } from '../../story/documents.js'
import { pageOf, type Colors } from '../../story/layout.js'
import { printable } from '../../story/printable.js'
import { number } from '../../story/words.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import { jsonText } from './documents.js'

export interface TopologyOptions {
  readonly depth: number
  readonly kind?: readonly string[]
  readonly namespace?: string
  /** Milliseconds since the epoch. */
  readonly time?: number
  readonly limit: number
  readonly output: 'text' | 'json' | 'yaml'
  readonly color: boolean
}

export async function showTopology (entity: EntityRef | undefined, options: TopologyOptions, api: ApiClient, io: CommandIo, signal: AbortSignal): Promise<ExitName> {
  const { depth, kind = [], namespace = '', time, limit, output, color } = options
  const found = await api.unary(TapioService.method.getTopology, {
    depth, kinds: [...kind], namespace, limit,
    ...(entity !== undefined && { entity: { kind: entity.kind, namespace: entity.namespace ?? '', name: entity.name } }),
    ...(time !== undefined && { time: timestampFromMs(time) })
  }, { signal })
  const document = (): unknown => toJson(GetTopologyResponseSchema, create(GetTopologyResponseSchema, found))
  switch (output) {
    case 'json': io.out(jsonText(document())); break
    case 'yaml': io.out(safeYaml(document())); break
    case 'text': io.out(found.nodes.length === 0 ? 'Nothing is known.\n' : `${treeOf(found, entity, pageOf(io.columns, io.color && color).colors).join('\n')}\n`)
  }
  for (const note of found.notes) io.err(`tapio topology: ${printable(note)}\n`)
  if (found.omitted > 0) io.err(`tapio topology: ${number(found.omitted)} more are not shown (--limit N)\n`)
  return 'ok'
}

/** A way from one object to another: all relations between the two in that direction. */
interface Branch { readonly to: number, readonly isBack: boolean, readonly kinds: string[] }

/**
 * Each object once with what hangs on it; where it comes again it ends with `…`. From `root` both ways, nearest first; without one from
 * the objects that none speaks of, along what they speak of.
 */
export function treeOf ({ nodes, edges }: GetTopologyResponse, root: EntityRef | undefined, c: Colors): string[] {
  const branches = nodes.map(() => new Map<string, Branch>())
  const join = (at: number, to: number, isBack: boolean, kind: string): void => {
    const own = branches[at]
    const known = own?.get(`${to} ${isBack}`)
    if (known === undefined) own?.set(`${to} ${isBack}`, { to, isBack, kinds: [kind] })
    else known.kinds.push(kind)
  }
  const spokenOf = new Set<number>()
  for (const { from, to, kind } of edges) {
    join(from, to, false, kind)
    spokenOf.add(to)
    if (root !== undefined) join(to, from, true, kind)
  }
  const nameOf = (at: number): string => {
    const { entity, exists } = nodes[at] ?? {}
    const text = printable(entity === undefined ? '?' : entityText({ kind: entity.kind, namespace: entity.namespace, name: entity.name }), 200)
    return exists === false ? `${c.dim(text)} ${c.red('(does not exist)')}` : c.bold(text)
  }
  const starts = root === undefined
    ? [...nodes.keys()].filter(at => !spokenOf.has(at))
    : [...nodes.keys()].filter(at => { const { entity } = nodes[at] ?? {}; return entity !== undefined && isIt(entity, root) })
  const shown = new Set<number>()
  // What is only in circles has no beginning: the first of it is one then.
  return [...starts, ...nodes.keys()].flatMap(at => shown.has(at) ? [] : [nameOf(at), ...draw(at, spread(at, branches, shown), nameOf, c)])
}

function isIt (entity: EntityRef, { kind, namespace, name }: EntityRef): boolean {
  return entity.name === name && (kind === '' || entity.kind.toLowerCase() === kind.toLowerCase()) && (namespace === undefined || (entity.namespace ?? '') === namespace)
}

interface Child extends Branch { readonly isAgain: boolean }

/** Level by level, so that each object hangs where it is nearest to the beginning. */
function spread (start: number, branches: readonly ReadonlyMap<string, Branch>[], shown: Set<number>): Map<number, Child[]> {
  const children = new Map<number, Child[]>()
  const queue: { readonly at: number, readonly parent: number }[] = [{ at: start, parent: -1 }]
  shown.add(start)
  for (const { at, parent } of queue) {
    const own: Child[] = []
    for (const branch of branches[at]?.values() ?? []) {
      // The way it was come by is not gone back.
      if (branch.to === parent) continue
      const isAgain = shown.has(branch.to)
      own.push({ ...branch, isAgain })
      if (isAgain) continue
      shown.add(branch.to)
      queue.push({ at: branch.to, parent: at })
    }
    children.set(at, own)
  }
  return children
}

function draw (at: number, children: ReadonlyMap<number, readonly Child[]>, nameOf: (at: number) => string, c: Colors, indent = ''): string[] {
  const own = children.get(at) ?? []
  return own.flatMap(({ to, isBack, kinds, isAgain }, i) => {
    const isLast = i === own.length - 1
    const label = isBack ? `← ${printable(kinds.join(', '))}` : `${printable(kinds.join(', '))} →`
    const line = `${c.dim(`${indent}${isLast ? '└─' : '├─'} ${label}`)} ${nameOf(to)}${isAgain ? c.dim(' …') : ''}`
    return isAgain ? [line] : [line, ...draw(to, children, nameOf, c, `${indent}${isLast ? '   ' : '│  '}`)]
  })
}
