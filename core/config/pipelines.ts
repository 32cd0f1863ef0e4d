/**
 * Pipelines and what they name. A name is `<signal>`, `<signal>/<anything>`, or any other single word: the first two carry
 * that signal and their components must be able to; the last (`main`, `all`) carries every signal.
 */
import type { Kind } from '../component/component.js'
import type { ComponentId } from '../component/id.js'
import type { Signal } from '../component/factory.js'
import { reportCycles } from './cycles.js'
import type { FaultList } from './faults.js'
import { article, type Definition, type Definitions } from './sections.js'
import { kinds, sectionOf, signals, type ResolvedPipeline } from './shape.js'
import { listed, nearest } from './suggest.js'
import { child, entry, strings, type KeyPath, type MapEntry, type ScalarNode, type Span, type TreeNode } from './tree.js'

type Side = 'receivers' | 'processors' | 'exporters'

const sides: Readonly<Record<Side, readonly Kind[]>> = {
  receivers: ['receiver', 'connector'],
  processors: ['processor'],
  exporters: ['exporter', 'connector']
}

/** One mention of a component in a pipeline. */
export interface Use { readonly pipeline: string; readonly side: Side | 'extensions'; readonly id: ComponentId; readonly at: Span; readonly path: KeyPath }

export interface Pipelines { readonly pipelines: readonly ResolvedPipeline[]; readonly uses: readonly Use[] }

/** Reads `service.pipelines` and `service.extensions`; every fault of theirs is added. */
export function readPipelines (service: MapEntry | undefined, fallback: Span, definitions: Definitions, faults: FaultList): Pipelines {
  const uses: Use[] = []
  const pipelines: ResolvedPipeline[] = []
  const section = entry(service?.value, 'pipelines')
  if (section?.value.kind === 'map') {
    for (const [name, pipeline] of section.value.entries) pipelines.push(readPipeline(name, pipeline, definitions, uses, faults))
  }
  if (section === undefined || (section.value.kind === 'map' && pipelines.length === 0) || (section.value.kind === 'scalar' && section.value.value === null && section.value.broken !== true)) {
    faults.error('CFG064', section?.key ?? service?.key ?? fallback, ['service', 'pipelines'], 'there are no pipelines: nothing would run', { help: 'service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}' })
  }
  const extensions = child(service?.value, 'extensions')
  readList(extensions, ['service', 'extensions'], { pipeline: '', side: 'extensions', kinds: ['extension'], signal: undefined }, definitions, uses, faults)
  connectorSides(definitions, uses, faults)
  reportCycles(pipelines, uses, faults)
  unused(definitions, uses, faults)
  return { pipelines, uses }
}

function readPipeline (name: string, { key, value }: MapEntry, definitions: Definitions, uses: Use[], faults: FaultList): ResolvedPipeline {
  const path: KeyPath = value.origin ?? ['service', 'pipelines', name]
  const signal = readName(name, key, path, faults)
  const read = (side: Side): readonly ComponentId[] =>
    readList(child(value, side), [...path, side], { pipeline: name, side, kinds: sides[side], signal }, definitions, uses, faults)
  const pipeline = { name, signal, receivers: read('receivers'), processors: read('processors'), exporters: read('exporters'), durable: isTrue(child(value, 'durable')), at: key }
  for (const side of ['receivers', 'exporters'] as const) {
    const list = entry(value, side)
    if (!isEmpty(list?.value)) continue
    faults.error('CFG063', list?.key ?? key, [...path, side], `the pipeline \`${name.slice(0, 80)}\` has no ${side}`, { allowed: available(sides[side], definitions) })
  }
  return pipeline
}

/** Anything that is no boolean is the schema's to report. */
const isTrue = (node: TreeNode | undefined): boolean => node?.kind === 'scalar' && (node.value === true || node.value === 'true')

/** Missing, `[]` or without a value. Anything else that is no list is the schema's to report. */
const isEmpty = (list: TreeNode | undefined): boolean =>
  list === undefined || (list.kind === 'list' && list.items.length === 0)

function available (of: readonly Kind[], definitions: Definitions): string {
  return listed(of.flatMap(kind => [...definitions[kind].keys()]))
}

function readName (name: string, key: Span, path: KeyPath, faults: FaultList): Signal | undefined {
  const [first = '', ...rest] = name.split('/')
  const signal = signals.find(s => s === first)
  const shape = rest.length > 1 || !/^[a-z][\w-]*$/.test(first) || (rest.length === 1 && !/^[\w.-]+$/.test(rest[0] ?? ''))
  const shown = name.slice(0, 80)
  const suggestion = nearest(first, signals)
  if (shape || (rest.length === 1 && signal === undefined)) {
    faults.error('CFG065', key, path, `\`${shown}\` is no pipeline name: ${shape ? 'it is a signal, signal/name, or one word' : `\`${first}\` is not a signal`}`, { allowed: listed(signals), suggestion })
  } else if (signal === undefined && suggestion !== undefined) {
    faults.warning('CFG070', key, path, `the pipeline \`${shown}\` carries every signal, but its name looks like one`, { suggestion })
  }
  return signal
}

interface ListRule { readonly pipeline: string; readonly side: Use['side']; readonly kinds: readonly Kind[]; readonly signal: Signal | undefined }

function readList (node: TreeNode | undefined, path: KeyPath, rule: ListRule, definitions: Definitions, uses: Use[], faults: FaultList): readonly ComponentId[] {
  const seen = new Set<string>()
  const ids: ComponentId[] = []
  if (node?.kind !== 'list') return ids
  const named = new Set(strings(node))
  node.items.forEach((item, i) => {
    if (item.kind !== 'scalar' || !named.has(item)) return
    const at: KeyPath = [...(node.origin ?? path), i]
    if (seen.has(item.text)) {
      faults.error('CFG062', item.at, at, `\`${item.text.slice(0, 80)}\` is named twice in \`${rule.side}\``)
      return
    }
    seen.add(item.text)
    const definition = refer(item, at, rule, definitions, faults)
    if (definition === undefined) return
    ids.push(definition.id)
    uses.push({ pipeline: rule.pipeline, side: rule.side, id: definition.id, at: item.at, path: at })
  })
  return ids
}

/** The component that one item of a list names. */
function refer (item: ScalarNode, path: KeyPath, rule: ListRule, definitions: Definitions, faults: FaultList): Definition | undefined {
  const text = String(item.value)
  const shown = text.slice(0, 80)
  const definition = rule.kinds.map(kind => definitions[kind].get(text)).find(d => d !== undefined)
  if (definition !== undefined) {
    checkSignal(definition, rule, item, path, faults)
    return definition
  }
  const allowed = rule.kinds.flatMap(kind => [...definitions[kind].keys()])
  const elsewhere = kinds.find(kind => definitions[kind].has(text))
  if (elsewhere !== undefined) {
    faults.error('CFG061', item.at, path, `\`${shown}\` is ${article(elsewhere)} and cannot be among the ${rule.side}`, { allowed: listed(allowed) })
  } else {
    const [kind = 'receiver'] = rule.kinds
    faults.error('CFG060', item.at, path, `there is no ${kind} \`${shown}\``, { allowed: listed(allowed), suggestion: nearest(text, allowed), help: `components are defined under \`${sectionOf[kind]}\`` })
  }
  return undefined
}

function checkSignal ({ factory, id }: Definition, rule: ListRule, item: ScalarNode, path: KeyPath, faults: FaultList): void {
  if (factory === undefined || rule.signal === undefined || factory.signals.includes(rule.signal)) return
  faults.error('CFG066', item.at, path, `the ${id.kind} \`${id.text}\` cannot carry ${rule.signal}`, { allowed: listed(factory.signals) })
}

/** A connector is an exporter of some pipelines and a receiver of others; with one side only it does nothing. */
function connectorSides (definitions: Definitions, uses: readonly Use[], faults: FaultList): void {
  for (const text of definitions.connector.keys()) {
    const its = uses.filter(use => use.id.kind === 'connector' && use.id.text === text)
    const [first] = its
    if (first === undefined || its.some(use => use.side !== first.side)) continue
    const missing = first.side === 'receivers' ? 'exporters' : 'receivers'
    faults.error('CFG067', first.at, first.path, `the connector \`${text}\` is used among the ${first.side} only`, { help: `name it among the ${missing} of another pipeline too` })
  }
}

function unused (definitions: Definitions, uses: readonly Use[], faults: FaultList): void {
  const used = new Set(uses.map(use => `${use.id.kind} ${use.id.text}`))
  for (const kind of kinds) {
    for (const { id, key, factory } of definitions[kind].values()) {
      if (factory === undefined || used.has(`${kind} ${id.text}`)) continue
      faults.warning('CFG069', key, [sectionOf[kind], id.text], `the ${kind} \`${id.text}\` is defined but not used`, { help: kind === 'extension' ? 'name it in `service.extensions`' : 'name it in a pipeline, or remove it' })
    }
  }
}
