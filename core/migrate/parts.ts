/** The components of a Collector configuration, each with its notes. */
import type { YAMLMap } from 'yaml'
import type { Kind } from '../component/component.js'
import { componentId } from '../component/id.js'
import type { Signal } from '../component/factory.js'
import { pathText } from '../config/tree.js'
import { kinds, sectionOf } from '../config/shape.js'
import { asBlock, asComment, bare, commentBefore, entriesOf, entryOf, keyOf, mapIn, plain, type EditedDocument, type Entry } from './document.js'
import type { Note, NoteKind } from './report.js'
import { pipelinesOf } from './pipeline-lists.js'
import type { Part } from './rules/rule.js'

export class Parts {
  readonly notes: Note[] = []
  readonly byKind: ReadonlyMap<Kind, ReadonlyMap<string, Part>>
  /** Of pipelines, by name, in the file that is migrated. */
  readonly pipelineLines: ReadonlyMap<string, number>

  /** @param signals of the pipelines that name a component, by kind and id */
  constructor (readonly document: EditedDocument, signals: (kind: Kind, id: string) => readonly Signal[]) {
    this.pipelineLines = new Map(pipelinesOf(document.root).map(p => [keyOf(p), document.lineOf(p.key)]))
    this.byKind = new Map(kinds.map(kind => [kind, new Map(this.#read(kind, signals))]))
  }

  of (kind: Kind, id: string): Part | undefined { return this.byKind.get(kind)?.get(id) }

  /** A note about any place. */
  note (kind: NoteKind, line: number, path: readonly (string | number)[], message: string, help?: string): void {
    this.notes.push({ kind, line, path: pathText(path), message, ...(help !== undefined && { help }) })
  }

  * #read (kind: Kind, signals: (kind: Kind, id: string) => readonly Signal[]): Generator<readonly [string, Part]> {
    const section = entryOf(this.document.root, sectionOf[kind])?.value
    asBlock(section)
    for (const entry of entriesOf(section)) {
      const options = mapIn(entry)
      if (options !== undefined) yield [keyOf(entry), this.#part(kind, entry, options, signals(kind, keyOf(entry)))]
    }
  }

  #part (kind: Kind, entry: Entry, options: YAMLMap, signals: readonly Signal[]): Part {
    const { type, name, text: id } = componentId(kind, keyOf(entry))
    const written = asComment(bare(entry))
    // Read now: translators take lines out and move them.
    const lines = new Map<string, number>()
    remember(options, [], this.document, lines)
    const line = this.document.lineOf(entry.key)
    const lineAt = (path: readonly (string | number)[]): number => {
      for (let n = path.length; n > 0; n--) {
        const found = lines.get(path.slice(0, n).join('\0'))
        if (found !== undefined) return found
      }
      return line
    }
    return {
      id, type, name, entry, options, signals, written,
      note: (noteKind, path, message, help) => {
        this.note(noteKind, lineAt(path), [sectionOf[kind], id, ...path], message, help)
        if (noteKind !== 'translated') commentBefore(entry.key, [`migrate: ${path.length === 0 ? '' : `${pathText(path)}: `}${message}${help === undefined ? '' : `; ${help}`}`])
      },
      extension: wanted => {
        const found = this.of('extension', wanted)
        return found === undefined ? undefined : { type: found.type, options: plain(found.options) }
      }
    }
  }
}

/** Lines of all values below, by their path joined with NUL. */
function remember (node: unknown, path: readonly (string | number)[], document: EditedDocument, lines: Map<string, number>): void {
  for (const entry of entriesOf(node)) {
    const below = [...path, keyOf(entry)]
    lines.set(below.join('\0'), document.lineOf(entry.key))
    remember(entry.value, below, document, lines)
  }
  const items: unknown = node !== null && typeof node === 'object' && 'items' in node && entriesOf(node).length === 0 ? node.items : undefined
  for (const [i, item] of (Array.isArray(items) ? items : []).entries()) {
    lines.set([...path, i].join('\0'), document.lineOf(item as never))
    remember(item, [...path, i], document, lines)
  }
}
