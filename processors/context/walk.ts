/**
 * One batch, row by row in order: objects go into the model, signs become symptoms, and columns are filled. A row that is a sign
 * of nothing costs a few reads of columns; only others are looked at as rows.
 */
import type { Engine } from '../../core/correlation/engine.js'
import type { SignName, Seen } from '../../core/correlation/signs.js'
import { layerOf, roleOf } from '../../core/correlation/signs.js'
import { Look, eventSigns, lookAt, otherSign } from '../../core/correlation/signs-events.js'
import { kubernetesSign } from '../../core/correlation/signs-kubernetes.js'
import { textSign } from '../../core/correlation/signs-text.js'
import type { EventBatch } from '../../core/data/batch.js'
import { words, type Columns } from '../../core/data/columns.js'
import { RawEncoding, Severity, Signal } from '../../core/data/enums.js'
import type { EventRow } from '../../core/data/row.js'
import type { Confidence, RowConfidence } from './confidence.js'
import type { Feed } from './feed.js'
import type { LateBinding } from './late-binding.js'
import { Marks } from './marks.js'
import { text, type Resolver, type Said, type Whose } from './whose.js'

export interface WalkParts {
  readonly engine: Engine
  readonly resolver: Resolver
  readonly feed: Feed
  readonly late: LateBinding
  readonly confidence: Confidence
  /** By number of the signal: rows get symptom columns, rows get the confidence column. */
  readonly marked: Uint8Array
  readonly rated: Uint8Array
}

const local: ReadonlySet<string> = new Set(['ebpf', 'systemd', 'cni'])

/** Reads a column of 64-bit nanoseconds as milliseconds: without a bigint a row. */
function msOf (column: Uint32Array | undefined, row: number): number {
  return column === undefined ? 0 : ((column[2 * row + 1] as number) * 4294967296 + (column[2 * row] as number)) / 1e6
}

export class Walk {
  readonly #columns: Columns
  readonly #marks: Marks
  readonly #looks: Uint8Array
  readonly #times: Uint32Array
  readonly #observed: Uint32Array | undefined
  readonly #changes: Uint32Array | undefined
  /** Of rows that say no more than their resource: by resource, while the model is the same. */
  readonly #owners: (Whose | undefined)[] = []
  readonly #learned: boolean[] = []
  readonly #ratings: RowConfidence
  #ownersVersion = -1

  constructor (readonly batch: EventBatch, readonly parts: WalkParts) {
    this.#columns = batch.columns
    this.#marks = new Marks(batch)
    this.#looks = new Uint8Array(batch.strings.length)
    this.#times = words(batch.columns.timeUnixNano)
    this.#observed = batch.columns.observedTimeUnixNano === undefined ? undefined : words(batch.columns.observedTimeUnixNano)
    this.#changes = batch.attribute('tapio.k8s.change')?.index
    this.#ratings = parts.confidence.ofBatch(batch)
  }

  run (): EventBatch {
    const { engine, rated } = this.parts
    const { signal, rawEncoding } = this.#columns
    for (let row = 0; row < this.batch.count; row++) {
      const observedMs = msOf(this.#observed, row)
      const timeMs = engine.advance(msOf(this.#times, row), observedMs)
      this.#learn(row)
      if (rawEncoding !== undefined && rawEncoding[row] === RawEncoding.kubernetesJson) this.parts.feed.row(this.batch, row, observedMs || timeMs)
      const own = signal[row] as number
      const hasEntity = own === Signal.events ? this.#fill(row, timeMs) : false
      const confidence = rated[own] === 1 ? this.#rate(row, hasEntity, timeMs, observedMs) : 1
      const seen = this.#seen(row, own)
      if (seen !== undefined) this.#count(row, own, seen, timeMs, confidence)
    }
    return this.#marks.finish()
  }

  #learn (row: number): void {
    const at = this.#columns.resource[row] as number
    if (this.#learned[at] === true) return
    this.#learned[at] = true
    this.parts.resolver.learn(this.batch.resources[at]?.attributes ?? {})
  }

  #seen (row: number, signal: number): Seen | undefined {
    if (signal === Signal.events) return this.#eventSeen(row)
    if (signal === Signal.logs && (this.#columns.severity[row] as number) >= Severity.warning) return textSign(this.batch.text(this.#columns.message, row), this.#columns.severity[row] as number)
    return undefined
  }

  #eventSeen (row: number): Seen | undefined {
    if (this.#changes !== undefined && this.#changes[row] !== 0) return kubernetesSign(this.#kubernetesRow(row))
    const name = this.#columns.name?.[row] ?? 0
    let look = this.#looks[name] as Look
    if (look === Look.unknown) look = this.#looks[name] = lookAt(this.batch.strings.at(name))
    if (look === Look.never) return undefined
    const severity = this.#columns.severity[row] as number
    if (look === Look.always || (look === Look.whenError && severity >= Severity.error)) return eventSigns.get(this.batch.strings.at(name))?.(this.batch.at(row))
    if (look === Look.text) return severity >= Severity.warning ? textSign(this.batch.text(this.#columns.message, row), severity) : undefined
    return look === Look.whenBad && severity >= Severity.warning ? otherSign(this.batch.at(row), this.#columns.type[row] as number) : undefined
  }

  #kubernetesRow (row: number): EventRowWithContainer {
    const at = this.batch.at(row) as EventRow & { container: string }
    at.container = text(at.resource.attributes, 'k8s.container.name')
    return at
  }

  /** Fills the entity columns of a row that leaves them empty. True: it is known what the row is about. */
  #fill (row: number, timeMs: number): boolean {
    const { entityKind, entityName } = this.#columns
    if (entityKind !== undefined && entityKind[row] !== 0 && (entityName?.[row] ?? 0) !== 0) return true
    const { entity, waits } = this.#whose(row, timeMs)
    if (waits !== undefined || unsaid.has(entity.kind)) return false
    this.#marks.text('entityKind', row, entity.kind)
    this.#marks.text('entityNamespace', row, entity.namespace ?? '')
    this.#marks.text('entityName', row, entity.name)
    if (entity.uid !== undefined && entity.uid !== '') this.#marks.text('entityUid', row, entity.uid)
    return true
  }

  #rate (row: number, hasEntity: boolean, timeMs: number, observedMs: number): number {
    const claimedMs = msOf(this.#times, row)
    const value = this.#ratings.of(row, hasEntity, claimedMs, observedMs > 0 ? observedMs : timeMs)
    this.#marks.column('confidence')[row] = value
    return value
  }

  #count (row: number, signal: number, seen: Seen, timeMs: number, confidence: number): void {
    const { engine, late, marked } = this.parts
    const whose = this.#whose(row, timeMs)
    const entity = seen.ofNode === true && whose.node !== '' ? { kind: 'Node', name: whose.node } : whose.entity
    const detail = seen.sign.startsWith('k8s.') || whose.container === '' || seen.detail.container !== undefined ? seen.detail : { ...seen.detail, container: whose.container }
    const symptom = engine.symptoms.see({
      sign: seen.sign, layer: layerOf(seen.sign), role: roleOf(seen.sign), entity, detail, timeMs, confidence,
      severity: seen.severity ?? (this.#columns.severity[row] as number), count: seen.count ?? 1, evidence: this.#evidence(row)
    })
    if (symptom === undefined) return
    if (whose.waits !== undefined && entity === whose.entity) late.wait(whose.waits, symptom.id, timeMs)
    if (seen.sign === 'kernel.oom_kill' && seen.detail.scope === 'machine') this.#alsoNode(row, whose, timeMs, confidence)
    if (marked[signal] !== 1) return
    this.#marks.text('symptom', row, seen.sign)
    this.#marks.id(row, symptom.id)
  }

  /** One kill, two things to tell: whom it hit, and that the machine was out of memory. */
  #alsoNode (row: number, { node }: Whose, timeMs: number, confidence: number): void {
    if (node === '') return
    const sign: SignName = 'node.memory_exhausted'
    this.parts.engine.symptoms.see({ sign, layer: 'node', role: 'trouble', entity: { kind: 'Node', name: node }, detail: {}, timeMs, confidence, severity: Severity.critical, evidence: this.#evidence(row) })
  }

  #evidence (row: number): { readonly eventId: string, readonly source: string, readonly name: string, readonly message: string, readonly traceId?: string, readonly spanId?: string } {
    const at = this.batch.at(row)
    const [traceId, spanId] = [at.get('traceId'), at.get('spanId')]
    return {
      eventId: at.get('id') ?? '', source: at.get('source') ?? '', name: at.get('name') ?? '', message: (at.get('message') ?? at.get('statusMessage') ?? '').slice(0, maxMessage),
      ...(traceId === undefined ? {} : { traceId }), ...(spanId === undefined ? {} : { spanId })
    }
  }

  #whose (row: number, timeMs: number): Whose {
    const { model } = this.parts.engine
    const version = model.version + this.parts.resolver.learned.version
    if (version !== this.#ownersVersion) { this.#owners.length = 0; this.#ownersVersion = version }
    const said = this.#said(row)
    const isPlain = said.kind === '' && said.address === '' && said.comm === '' && said.interfaceName === ''
    const at = this.#columns.resource[row] as number
    const known = isPlain ? this.#owners[at] : undefined
    if (known !== undefined) return known
    const whose = this.parts.resolver.of(this.batch.resources[at]?.attributes ?? {}, said, timeMs)
    if (isPlain) this.#owners[at] = whose
    return whose
  }

  #said (row: number): Said {
    const { batch } = this
    const c = this.#columns
    return {
      kind: batch.text(c.entityKind, row), namespace: batch.text(c.entityNamespace, row), name: batch.text(c.entityName, row), uid: batch.text(c.entityUid, row),
      interfaceName: batch.text(c.interfaceName, row), address: batch.text(c.sourceAddress, row), comm: batch.text(c.comm, row), isLocal: local.has(batch.text(c.source, row))
    }
  }
}

type EventRowWithContainer = EventRow & { readonly container: string }

/** Not worth a column: the row's own columns say as much. */
const unsaid: ReadonlySet<string> = new Set(['Cluster', 'Address', 'Process', 'Interface'])
const maxMessage = 2048
