/**
 * An OpenTelemetry Collector configuration to one of Tapio. Every component goes through its line of the translation table
 * (rules/table.ts); what has no counterpart is commented out where it stood, and taken off the pipelines. The result is loaded as `tapio
 * validate` would, and what it would refuse is taken out, too, until it is accepted: what is written runs.
 */
import { isMap, isPair, isSeq, visit, type YAMLMap } from 'yaml'
import type { Kind } from '../component/component.js'
import type { Signal } from '../component/factory.js'
import { Excerpts } from '../config/excerpt.js'
import { FaultList, publicFault, type RawFault } from '../config/faults.js'
import { kinds, sectionOf, type ComponentCatalog } from '../config/shape.js'
import type { Environment, SourceText } from '../config/source.js'
import { asComment, bare, commentsOf, EditedDocument, entriesOf, entryOf, keyOf, leaveBehind, plain, put, remove, type Entry } from './document.js'
import type { Migrated } from './migrated.js'
import { Parts } from './parts.js'
import { namesIn, pipelinesOf, sides, signalOf } from './pipeline-lists.js'
import { Pipelines } from './pipelines.js'
import { repair } from './repair.js'
import { inOrder, summaryOf } from './report.js'
import type { Dropped, Part, Replacement } from './rules/rule.js'
import { ruleOf, unknown } from './rules/table.js'
import { isRecord, listOf } from './rules/values.js'
import { translateTelemetry } from './telemetry.js'
import { trim } from './trim.js'

export function migrateCollector (source: SourceText, catalog: ComponentCatalog, env: Environment): Migrated {
  const faults = new FaultList()
  const document = EditedDocument.open(source, faults)
  const raw = document === undefined ? faults.items : notCollector(document)
  if (document === undefined || raw.length > 0) return { ok: false, faults: publish(raw.length > 0 ? raw : [empty(source)], source, catalog) }
  const parts = new Parts(document, signalsIn(document.root))
  const migration = new Migration(document, parts, catalog)
  migration.run()
  const { yaml, faults: left } = repair(`${heading(parts)}${document.toString()}`, source, parts, catalog, env)
  const isEmpty = left.some(f => f.code === nothingRuns)
  if (left.length > 0 && !isEmpty) return { ok: false, faults: left }
  if (isEmpty) parts.note('missing', document.lineOf(entryOf(document.root, 'service')?.key), ['service', 'pipelines'], 'no pipeline is left: what was written does not run', 'give it a receiver and an exporter of Tapio')
  return { ok: true, runs: !isEmpty, yaml: (isEmpty ? yaml.replace(/^( *pipelines:)\n +\{\}$/m, '$1') : yaml).replace(/^[^\n]*\n/, heading(parts)), notes: inOrder(parts.notes) }
}

/** The code of the fault that there are no pipelines. */
const nothingRuns = 'CFG064'

function heading ({ notes }: Parts): string {
  const { missing, changed } = summaryOf(notes)
  return `# Written by \`tapio config migrate --from otelcol\`: ${missing} without a counterpart, ${changed} changed in meaning${missing + changed === 0 ? '' : ' (look for `migrate:`)'}.\n`
}

function publish (raw: readonly RawFault[], source: SourceText, catalog: ComponentCatalog) {
  const excerpts = new Excerpts(new Map([[source.name, source]]), [], catalog, true)
  return raw.map(fault => publicFault(fault, excerpts.of(fault.at)))
}

const empty = (source: SourceText): RawFault => ({ code: 'CFG013', severity: 'error', at: source.span(0, 0), path: [], message: 'the configuration is empty', details: {} })

/** A file of another kind is said to be one before its every key is called unknown. */
function notCollector (document: EditedDocument): readonly RawFault[] {
  const { root, source } = document
  const fault = (entry: Entry | undefined, message: string, help: string): RawFault[] => {
    const at = entry?.key.range ? source.span(entry.key.range[0], entry.key.range[1]) : source.span(0, 0)
    return [{ code: 'CFG031', severity: 'error', at, path: entry === undefined ? [] : [keyOf(entry)], message, details: { help } }]
  }
  const manifest = entryOf(root, 'apiVersion')
  if (manifest !== undefined && entryOf(root, 'kind') !== undefined) {
    return fault(manifest, 'this is a Kubernetes manifest, not a configuration of the Collector', 'take the configuration out of it (a key of `data`, or `spec.config`), and migrate that')
  }
  const pipelines = entryOf(root, 'pipelines')
  if (pipelines !== undefined && entryOf(root, 'service') === undefined) return fault(pipelines, 'this is a configuration of a Collector older than 0.2: `pipelines` stands below `service` since', 'bring it to the form of a current Collector first')
  const service = entryOf(root, 'service')
  if (service === undefined || !isMap(entryOf(service.value, 'pipelines')?.value)) return fault(service, 'this is no configuration of the Collector: it has no `service.pipelines`', 'several files that the Collector merges must be merged first (`otelcol print-config`)')
  return []
}

/** Signals of the pipelines that name a component. */
function signalsIn (root: YAMLMap): (kind: Kind, id: string) => readonly Signal[] {
  const found = new Map<string, Set<Signal>>()
  for (const pipeline of pipelinesOf(root)) {
    const signal = signalOf(keyOf(pipeline))
    for (const side of sides) {
      for (const id of signal === undefined ? [] : namesIn(pipeline, side)) {
        const key = `${side} ${id}`
        found.set(key, (found.get(key) ?? new Set()).add(signal as Signal))
      }
    }
  }
  return (kind, id) => [...new Set((kind === 'connector' ? ['receivers', 'exporters'] : [sectionOf[kind]]).flatMap(side => [...found.get(`${side} ${id}`) ?? []]))]
}

class Migration {
  /** By kind and id: what stands in its place in pipelines. Left out: itself. */
  readonly #successors = new Map<string, readonly { readonly id: string, readonly signal?: Signal }[]>()

  constructor (readonly document: EditedDocument, readonly parts: Parts, readonly catalog: ComponentCatalog) {}

  run (): void {
    this.#variables()
    for (const kind of kinds) for (const part of this.parts.byKind.get(kind)?.values() ?? []) this.#part(kind, part)
    const service = entryOf(this.document.root, 'service') as Entry
    const pipelines = new Pipelines(this.parts, entryOf(service.value, 'pipelines')?.value as unknown as YAMLMap)
    pipelines.rewrite((kind, id, signal) => (this.#successors.get(`${kind} ${id}`) ?? [{ id }]).filter(s => !('signal' in s) || s.signal === undefined || signal === undefined || s.signal === signal).map(s => s.id))
    for (const id of pipelines.commentOut()) {
      const part = this.parts.of('connector', id)
      if (part !== undefined) this.#drop('connector', part, { why: 'only one side of it is left' })
    }
    this.#extensions(service)
    this.#repointRouting(pipelines.gone)
    translateTelemetry(this.parts, service)
    this.#unknownSections(service)
  }

  #part (kind: Kind, part: Part): void {
    const rule = ruleOf(kind, part.type)
    const factory = rule?.to === undefined ? undefined : this.catalog.find(kind, rule.to)
    if (rule === undefined || factory === undefined) {
      const { why, help } = rule === undefined ? unknown[kind] : { why: rule.text, help: rule.help }
      this.#drop(kind, part, { why, ...(help !== undefined && { help }) }, rule?.kind)
      return
    }
    const fate = rule.translate?.(part)
    if (fate !== undefined && 'why' in fate) this.#drop(kind, part, fate)
    else if (fate !== undefined) this.#replace(kind, part, fate)
    else {
      if (rule.kind !== undefined) part.note(rule.kind, [], rule.text)
      trim(part, factory.schema)
      this.#rename(kind, part, rule.to as string)
    }
  }

  /** Under the type's own name: `otlphttp/a` may not meet an `otlp/a`. A type that answers to the name keeps it. */
  #rename (kind: Kind, part: Part, type: string): void {
    if (part.type === type || this.catalog.find(kind, part.type) !== undefined) return
    const id = this.#freeId(kind, `${type}/${part.type}${part.name === '' ? '' : `_${part.name}`}`)
    part.note('translated', [], `is \`${id}\``)
    part.entry.key.value = id
    this.#successors.set(`${kind} ${part.id}`, [{ id }])
  }

  #freeId (kind: Kind, wanted: string): string {
    const section = entryOf(this.document.root, sectionOf[kind])?.value
    let id = wanted
    for (let n = 2; entryOf(section, id) !== undefined; n++) id = `${wanted}_${n}`
    return id
  }

  #replace (kind: Kind, part: Part, replacements: readonly Replacement[]): void {
    const section = entryOf(this.document.root, sectionOf[kind])?.value as unknown as YAMLMap
    const at = section.items.indexOf(part.entry)
    const made = replacements.map(({ type, suffix, options, signal }) => {
      const id = this.#freeId(kind, `${type}/${part.type}${part.name === '' ? '' : `_${part.name}`}_${suffix}`)
      const entry = this.document.yaml.createPair(id, options) as unknown as Entry
      return { entry, id, ...(signal !== undefined && { signal }) }
    })
    const [first] = made
    if (first !== undefined) first.entry.key.commentBefore = [part.entry.key.commentBefore, ...['migrate: was', ...part.written].map(line => ` ${line}`)].filter(Boolean).join('\n')
    section.items.splice(at, 1, ...made.map(m => m.entry))
    this.#successors.set(`${kind} ${part.id}`, made.map(({ id, signal }) => ({ id, ...(signal !== undefined && { signal }) })))
  }

  #drop (kind: Kind, part: Part, { why, help }: Dropped, noteKind: 'translated' | 'changed' | 'missing' = 'missing'): void {
    const isRenamed = keyOf(part.entry) !== part.id
    this.parts.note(noteKind, this.document.lineOf(part.entry.key), [sectionOf[kind], part.id], why, help)
    const section = entryOf(this.document.root, sectionOf[kind])?.value as unknown as YAMLMap
    const entries = entriesOf(section)
    const next = entries[entries.indexOf(part.entry) + 1]
    const lines = [...commentsOf(part.entry), `migrate: ${why}${help === undefined ? '' : `; ${help}`}`, ...part.written]
    section.items = section.items.filter(e => e !== part.entry)
    this.#successors.set(`${kind} ${part.id}`, [])
    if (isRenamed) this.#successors.set(`${kind} ${keyOf(part.entry)}`, [])
    if (section.items.length > 0) leaveBehind(section, next, lines)
    else this.#emptySection(kind, lines)
  }

  /** A map without entries takes no comment: the section itself is commented out with what was in it. */
  #emptySection (kind: Kind, lines: readonly string[]): void {
    const entry = entryOf(this.document.root, sectionOf[kind]) as Entry
    const section = entry.value as unknown as YAMLMap
    const kept = typeof section.commentBefore === 'string' ? section.commentBefore.split('\n').map(l => l.replace(/^ /, '')) : []
    const rest = typeof section.comment === 'string' ? section.comment.split('\n').map(l => l.replace(/^ /, '')) : []
    const entries = entriesOf(this.document.root)
    const next = entries[entries.indexOf(entry) + 1]
    remove(this.document.root, sectionOf[kind])
    leaveBehind(this.document.root, next, [...commentsOf(entry), `${sectionOf[kind]}:`, ...[...kept, ...rest, ...lines].map(l => `  ${l}`)])
  }

  /** `service.extensions` names only what is left, which is none. */
  #extensions (service: Entry): void {
    const entry = entryOf(service.value, 'extensions')
    if (entry === undefined) return
    for (const [i, id] of listOf(plain(entry.value)).map(String).entries()) {
      if (this.parts.of('extension', id) === undefined) this.parts.note('missing', this.document.lineOf(isSeq(entry.value) ? entry.value.items[i] as never : entry.key), ['service', 'extensions', i], `\`${id}\` is not defined`)
    }
    const comments = commentsOf(entry)
    const entries = entriesOf(service.value)
    const next = entries[entries.indexOf(entry) + 1]
    remove(service.value as unknown as YAMLMap, 'extensions')
    if (comments.length > 0) leaveBehind(service.value as unknown as YAMLMap, next, comments)
  }

  /** A routing connector may not name pipelines that are gone. */
  #repointRouting (gone: ReadonlySet<string>): void {
    for (const [id, part] of this.parts.byKind.get('connector') ?? []) {
      if (part.type !== 'routing' || gone.size === 0 || this.#successors.get(`connector ${id}`)?.length === 0) continue
      const isLeft = (name: unknown): boolean => !gone.has(String(name))
      const table = listOf(plain(entryOf(part.options, 'table')?.value)).filter(isRecord)
      const fallback = listOf(plain(entryOf(part.options, 'default_pipelines')?.value))
      if ([...table.flatMap(e => listOf(e['pipelines'])), ...fallback].every(isLeft)) continue
      part.note('missing', ['table'], 'some of the pipelines it names are commented out: rows for them are dropped, and counted as `unrouted`')
      put(part.options, 'table', table.map(e => ({ ...e, pipelines: listOf(e['pipelines']).filter(isLeft) })).filter(e => e.pipelines.length > 0))
      if (fallback.some(isLeft)) put(part.options, 'default_pipelines', fallback.filter(isLeft))
      else remove(part.options, 'default_pipelines')
    }
  }

  #unknownSections (service: Entry): void {
    const { root } = this.document
    const known = [...kinds.map(k => sectionOf[k]), 'service'] as readonly string[]
    for (const entry of [...entriesOf(root)]) {
      const key = keyOf(entry)
      if (known.includes(key) || key.startsWith('x-')) continue
      this.#takeLine(root, entry, [key], 'no section of a configuration')
    }
    for (const entry of [...entriesOf(service.value)]) {
      if (['pipelines', 'telemetry', 'extensions'].includes(keyOf(entry))) continue
      this.#takeLine(service.value as unknown as YAMLMap, entry, ['service', keyOf(entry)], 'no option of `service`')
    }
  }

  #takeLine (map: YAMLMap, entry: Entry, path: readonly string[], why: string): void {
    const entries = entriesOf(map)
    const next = entries[entries.indexOf(entry) + 1]
    this.parts.note('missing', this.document.lineOf(entry.key), path, why)
    map.items = map.items.filter(e => e !== entry)
    leaveBehind(map, next, [...commentsOf(entry), `migrate: ${why}`, ...asComment(bare(entry))])
  }

  /** `$NAME`, as Collectors before 0.104 took it. Only where it is the whole value: elsewhere a `$` may be meant. */
  #variables (): void {
    visit(this.document.yaml, {
      Scalar: (key, node, path) => {
        const keys = path.filter(isPair).map(pair => keyOf(pair as unknown as Entry))
        const name = typeof node.value === 'string' ? /^\$([A-Z_][A-Z0-9_]*)$/.exec(node.value)?.[1] : undefined
        if (name === undefined || key === 'key') return
        this.parts.note('translated', this.document.lineOf(node), keys, `\`$${name}\` is written \`\${env:${name}}\``)
        node.value = `\${env:${name}}`
      }
    })
  }
}
