/**
 * The result, loaded as `tapio validate` loads it. What a schema or a component's own check refuses is a difference nobody wrote a rule
 * for: the option, or what cannot do without it, is commented out and said, and it is loaded again. Variables and files that are not here
 * are no faults of the translation.
 */
import { resolve } from 'node:path'
import { isMap, isSeq, type Node, type YAMLMap } from 'yaml'
import type { Fault } from '../config/faults.js'
import { FaultList } from '../config/faults.js'
import { loadConfig } from '../config/load.js'
import { kinds, sectionOf, type ComponentCatalog } from '../config/shape.js'
import { SourceText, type Environment } from '../config/source.js'
import { asComment, bare, commentsOf, EditedDocument, entriesOf, entryOf, keyOf, leaveBehind, type Entry } from './document.js'
import type { Parts } from './parts.js'
import { pipelinesOf } from './pipeline-lists.js'
import { Pipelines } from './pipelines.js'

/** Each round takes something out; a file that needs more is nothing to be repaired. */
const maxRounds = 200

/** Of substitutions: what they read may be there when it runs. */
const ofTheirTime: readonly string[] = ['CFG020', 'CFG023']

export function repair (yaml: string, source: SourceText, parts: Parts, catalog: ComponentCatalog, env: Environment): { readonly yaml: string, readonly faults: readonly Fault[] } {
  let text = yaml
  for (let round = 0; ; round++) {
    const faults = faultsOf(text, source, catalog, env)
    const [first] = faults
    if (first === undefined) return { yaml: text, faults: [] }
    const repaired = round < maxRounds ? without(first, text, source, parts) : undefined
    if (repaired === undefined) return { yaml: text, faults }
    text = repaired
  }
}

function faultsOf (text: string, source: SourceText, catalog: ComponentCatalog, env: Environment): readonly Fault[] {
  const loaded = loadConfig({ configs: [source.name], cwd: source.folder, texts: new Map([[resolve(source.folder, source.name), text]]) }, catalog, env)
  return loaded.ok ? [] : loaded.faults.filter(f => !ofTheirTime.includes(f.code))
}

/** The text without what the fault is about; undefined when that cannot be taken out. */
function without (fault: Fault, text: string, source: SourceText, parts: Parts): string | undefined {
  const document = EditedDocument.open(new SourceText(source.name, text, source.folder), new FaultList())
  if (document === undefined) return undefined
  const bounds = document.source.lines
  const offset = bounds.lineStarts[fault.line - 1]
  const chain = offset === undefined ? [] : chainTo(document.root, offset + fault.column - 1)
  const [section, second, third] = chain
  if (section === undefined || second === undefined) return undefined
  if (keyOf(section.entry) === 'service') return withoutPipeline(document, chain, fault, parts)
  if (!kinds.some(kind => sectionOf[kind] === keyOf(section.entry))) return undefined
  // What is missing or wrong as a whole takes the component along; anything else only the option.
  const isWhole = third === undefined || fault.code === 'CFG032'
  const target = isWhole ? second : chain.at(-1) as Step
  takeOut(document, target, fault, chain.slice(0, chain.indexOf(target) + 1), parts)
  if (isWhole) takeOffLists(document, keyOf(second.entry), parts)
  return document.toString()
}

interface Step { readonly map: YAMLMap, readonly entry: Entry }

/** The entries on the way to an offset, outermost first. */
function chainTo (map: YAMLMap, offset: number): readonly Step[] {
  const holds = (node: Node | null | undefined): boolean => node?.range !== undefined && node.range !== null && node.range[0] <= offset && offset < Math.max(node.range[1], node.range[0] + 1)
  const entry = entriesOf(map).find(e => holds(e.key) || holds(e.value))
  if (entry === undefined) return []
  const step = { map, entry }
  if (holds(entry.key)) return [step]
  if (isMap(entry.value)) return [step, ...chainTo(entry.value as YAMLMap, offset)]
  const item = isSeq(entry.value) ? (entry.value.items as Node[]).find(i => isMap(i) && holds(i)) : undefined
  return item === undefined ? [step] : [step, ...chainTo(item as YAMLMap, offset)]
}

function takeOut (document: EditedDocument, { map, entry }: Step, fault: Fault, chain: readonly Step[], parts: Parts): void {
  const path = chain.map(s => keyOf(s.entry))
  parts.note('missing', lineOf(parts, path), path, fault.message, fault.help)
  const next = entriesOf(map)[entriesOf(map).indexOf(entry) + 1]
  const lines = [...commentsOf(entry), `migrate: ${fault.message}`, ...asComment(bare(entry))]
  map.items = map.items.filter(e => e !== entry)
  for (const step of chain) step.map.flow = false
  if (map.items.length > 0) leaveBehind(map, next, lines)
  else {
    const parent = chain.at(-2)
    const root = document.root as YAMLMap
    leaveBehind(parent?.map ?? root, parent?.entry, lines)
  }
}

/** In the file that is migrated: of the component, as far as its id is the same. */
function lineOf (parts: Parts, [section = '', id = '']: readonly string[]): number {
  const kind = kinds.find(k => sectionOf[k] === section)
  const part = kind === undefined ? undefined : [...parts.byKind.get(kind)?.values() ?? []].find(p => p.id === id || keyOf(p.entry) === id)
  return part === undefined ? 1 : parts.document.lineOf(part.entry.key)
}

function withoutPipeline (document: EditedDocument, chain: readonly Step[], fault: Fault, parts: Parts): string | undefined {
  const at = chain.findIndex(s => keyOf(s.entry) === 'pipelines')
  const pipeline = at < 0 ? undefined : chain[at + 1]
  if (pipeline === undefined) {
    const option = chain.at(-1) as Step
    if (keyOf(option.entry) === 'pipelines' || chain.length < 2) return undefined
    takeOut(document, option, fault, chain, parts)
    return document.toString()
  }
  const pipelines = new Pipelines(parts, pipeline.map)
  pipelines.take(pipeline.entry, `refused (${fault.message})`)
  pipelines.commentOut()
  return entriesOf(pipeline.map).length === 0 ? undefined : document.toString()
}

function takeOffLists (document: EditedDocument, id: string, parts: Parts): void {
  for (const pipeline of pipelinesOf(document.root)) {
    for (const side of ['receivers', 'processors', 'exporters']) {
      const list = entryOf(pipeline.value, side)?.value
      if (isSeq(list)) list.items = list.items.filter(item => String((item as { value?: unknown }).value) !== id)
    }
  }
  const section = entryOf(entryOf(document.root, 'service')?.value, 'pipelines')?.value
  if (isMap(section)) new Pipelines(parts, section as YAMLMap).commentOut()
}
