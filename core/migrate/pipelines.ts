/** `service.pipelines`: what was taken out is taken off the lists; what is left without a beginning or an end is commented out. */
import { isScalar, isSeq, Scalar, type Node, type YAMLMap } from 'yaml'
import type { Kind } from '../component/component.js'
import type { Signal } from '../component/factory.js'
import { asBlock, asComment, bare, commentsOf, entriesOf, entryOf, keyOf, leaveBehind, plain, remove, type Entry } from './document.js'
import type { Parts } from './parts.js'
import { namesIn, signalOf, sides, type Side } from './pipeline-lists.js'

const kindsOf: Readonly<Record<Side, readonly Kind[]>> = { receivers: ['receiver', 'connector'], processors: ['processor'], exporters: ['exporter', 'connector'] }

/** What stands in the place of an id in a pipeline of `signal`; none when it is gone. */
export type Successors = (kind: Kind, id: string, signal: Signal | undefined) => readonly string[]

export class Pipelines {
  /** Pipelines and connectors that were commented out. */
  readonly gone = new Set<string>()
  readonly #section: YAMLMap
  /** As they were written, by name: that is what is commented out. */
  readonly #written = new Map<string, readonly string[]>()

  constructor (readonly parts: Parts, section: YAMLMap) {
    this.#section = section
    asBlock(section)
    for (const pipeline of entriesOf(section)) {
      this.#written.set(keyOf(pipeline), asComment(bare(pipeline)))
      asBlock(pipeline.value)
    }
  }

  /** Every list with its successors. An id that nothing defines is what the Collector refuses, too. */
  rewrite (successors: Successors): void {
    for (const pipeline of entriesOf(this.#section)) {
      for (const side of sides) {
        const list = entryOf(pipeline.value, side)?.value
        if (!isSeq(list)) continue
        const seen = new Set<string>()
        list.items = (list.items as Node[]).flatMap(item => this.#successorsOf(pipeline, side, item, successors)).filter(item => {
          const id = String(plain(item))
          return !seen.has(id) && seen.add(id) !== undefined
        })
        asBlock(pipeline.value)
      }
    }
  }

  #successorsOf (pipeline: Entry, side: Side, item: Node, successors: Successors): Node[] {
    const id = String(plain(item))
    const kind = kindsOf[side].find(k => this.parts.of(k, id) !== undefined)
    if (kind === undefined) {
      this.parts.note('missing', this.parts.document.lineOf(item), ['service', 'pipelines', keyOf(pipeline), side], `\`${id}\` is not defined: taken off the list, as the Collector would not start with it`)
      return []
    }
    const names = successors(kind, id, signalOf(keyOf(pipeline)))
    if (names.length === 1 && names[0] === id) return [item]
    return names.map((name, i) => {
      const scalar = new Scalar(name)
      if (i === 0 && isScalar(item)) Object.assign(scalar, { comment: item.comment, commentBefore: item.commentBefore, range: item.range })
      return scalar
    })
  }

  /** Comments out what has no receivers or no exporters, then connectors with one side, until all is whole. Gives the connectors that went. */
  commentOut (): readonly string[] {
    const connectors: string[] = []
    for (;;) {
      const pipeline = entriesOf(this.#section).find(p => namesIn(p, 'receivers').length === 0 || namesIn(p, 'exporters').length === 0)
      if (pipeline !== undefined) {
        this.take(pipeline, `left without ${['receivers', 'exporters'].filter(side => namesIn(pipeline, side as Side).length === 0).join(' and ')}`)
        continue
      }
      const lonely = this.#lonelyConnector()
      if (lonely === undefined) return connectors
      connectors.push(lonely)
      for (const p of entriesOf(this.#section)) for (const side of ['receivers', 'exporters'] as const) takeOff(p, side, lonely)
    }
  }

  #lonelyConnector (): string | undefined {
    const ids = [...this.parts.byKind.get('connector')?.keys() ?? []]
    const uses = (side: Side, id: string): boolean => entriesOf(this.#section).some(p => namesIn(p, side).includes(id))
    return ids.find(id => uses('receivers', id) !== uses('exporters', id))
  }

  /** One pipeline as comments, in its place or behind the last one that stays. */
  take (pipeline: Entry, why: string): void {
    const name = keyOf(pipeline)
    const entries = entriesOf(this.#section)
    const next = entries[entries.indexOf(pipeline) + 1]
    const lines = [...commentsOf(pipeline), `migrate: \`${name}\` is ${why}`, ...this.#written.get(name) ?? []]
    this.parts.note('missing', this.parts.pipelineLines.get(name) ?? 1, ['service', 'pipelines', name], `${why}: commented out`)
    remove(this.#section, name)
    this.gone.add(name)
    leaveBehind(this.#section, next, lines)
  }
}

function takeOff (pipeline: Entry, side: Side, id: string): void {
  const list = entryOf(pipeline.value, side)?.value
  if (isSeq(list)) list.items = list.items.filter(item => plain(item) !== id)
}
