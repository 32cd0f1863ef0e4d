/**
 * One batch, row by row in order: objects go into the model, signs become symptoms, and columns are filled. A row that is a sign
 * of nothing costs a few reads of columns; only others are looked at as rows.
 */
import type { Engine } from '../../core/correlation/engine.js'
import type { Seen } from '../../core/correlation/signs.js'
import { Look, eventSigns, lookAt, otherSign, placed } from '../../core/correlation/signs-events.js'
import { kubernetesSign, type KubernetesRow } from '../../core/correlation/signs-kubernetes.js'
import type { EventBatch } from '../../core/data/batch.js'
import { nanoCellToMs, words, type Columns } from '../../core/data/columns.js'
import { RawEncoding, Severity, Signal } from '../../core/data/enums.js'
import type { EventRow } from '../../core/data/row.js'
import type { Confidence, RowConfidence } from './confidence.js'
import { EntityColumns } from './entity-columns.js'
import { RowEvidence } from './evidence.js'
import { noteFailedCall } from './failed-calls.js'
import type { Feed } from './feed.js'
import { Marks } from './marks.js'
import { Owners } from './owners.js'
import type { Sightings } from './sightings.js'
import { slowSign, worthTiming, type Slowness } from './slowness.js'
import type { SpanCalls } from './span-calls.js'
import { failedSpanOf } from './span-row.js'
import { spanSign } from '../../core/correlation/signs-spans.js'
import type { Texts } from './texts.js'
import type { Resolver, Said, Whose } from './whose.js'

export interface WalkParts {
  readonly engine: Engine
  readonly resolver: Resolver
  readonly feed: Feed
  readonly sightings: Sightings
  readonly texts: Texts
  readonly calls: SpanCalls
  readonly slowness: Slowness
  readonly confidence: Confidence
  /** By number of the signal: its rows get the symptom columns; the confidence column. */
  readonly marked: Uint8Array
  readonly rated: Uint8Array
}

const local: ReadonlySet<string> = new Set(['ebpf', 'systemd', 'cni'])
const statusError = 2

export class Walk {
  readonly #columns: Columns
  readonly #marks: Marks
  readonly #entities: EntityColumns
  #confidences: Float32Array | undefined
  readonly #looks: Uint8Array
  readonly #times: Uint32Array
  readonly #observed: Uint32Array | undefined
  readonly #durations: Uint32Array | undefined
  readonly #changes: Uint32Array | undefined
  readonly #owners: Owners
  readonly #ratings: RowConfidence
  /** Per index of `source`: whether its rows are of this machine. */
  readonly #localSources = new Map<number, boolean>()

  constructor (readonly batch: EventBatch, readonly parts: WalkParts) {
    this.#columns = batch.columns
    this.#marks = new Marks(batch)
    this.#entities = new EntityColumns(this.#marks)
    this.#looks = new Uint8Array(batch.strings.length)
    this.#times = words(batch.columns.timeUnixNano)
    this.#observed = batch.columns.observedTimeUnixNano === undefined ? undefined : words(batch.columns.observedTimeUnixNano)
    this.#durations = batch.columns.durationNano === undefined ? undefined : words(batch.columns.durationNano)
    this.#changes = batch.attributes.get('tapio.k8s.change')?.index
    this.#owners = new Owners(batch, parts.engine, parts.resolver)
    this.#ratings = parts.confidence.ofBatch(batch)
  }

  run (): EventBatch {
    const { engine, rated } = this.parts
    const { signal, rawEncoding, resource } = this.#columns
    engine.rows.begin(this.batch)
    for (let row = 0; row < this.batch.count; row++) {
      engine.rows.row = row
      const own = signal[row] as number
      // Metrics are of no time in particular, and profiles of long ones.
      if (own === Signal.metrics || own === Signal.profiles) { if (rated[own] === 1) this.#rate(row, false, nanoCellToMs(this.#times, row)); continue }
      const observedMs = this.#observed === undefined ? 0 : nanoCellToMs(this.#observed, row)
      const timeMs = engine.advance(nanoCellToMs(this.#times, row), observedMs)
      this.#owners.learn(resource[row] as number)
      if (rawEncoding !== undefined && rawEncoding[row] === RawEncoding.kubernetesJson) this.parts.feed.row(this.batch, row, observedMs || timeMs)
      const hasEntity = own === Signal.events && this.#fill(row, timeMs)
      const confidence = rated[own] === 1 ? this.#rate(row, hasEntity, timeMs) : 1
      const seen = own === Signal.events ? this.#eventSeen(row) : own === Signal.logs ? this.#text(row) : this.#spanSeen(row, timeMs)
      if (seen !== undefined) this.#count(row, own, seen, timeMs, confidence)
    }
    engine.rows.end()
    return this.#marks.finish()
  }

  #eventSeen (row: number): Seen | undefined {
    if (this.#changes !== undefined && this.#changes[row] !== 0) return kubernetesSign(this.#kubernetesRow(row))
    const { name: names, severity: severities, type } = this.#columns
    const name = names?.[row] ?? 0
    let look = this.#looks[name] as Look
    if (look === Look.unknown) look = this.#looks[name] = lookAt(this.batch.strings.at(name))
    if (look === Look.never) return undefined
    const severity = severities[row] as number
    if (look === Look.always || (look === Look.whenError && severity >= Severity.error)) return eventSigns.get(this.batch.strings.at(name))?.(this.batch.at(row))
    if (look === Look.text) return this.#text(row)
    return look === Look.whenBad && severity >= Severity.warning ? otherSign(this.batch.at(row), type[row] as number) : undefined
  }

  #text (row: number): Seen | undefined {
    const severity = this.#columns.severity[row] as number
    return this.parts.texts.worth(severity) ? this.parts.texts.sign(this.batch.text(this.#columns.message, row), severity) : undefined
  }

  #spanSeen (row: number, timeMs: number): Seen | undefined {
    const { spanKind, statusCode, httpStatusCode, resource, name } = this.#columns
    const isFailed = statusCode?.[row] === statusError || (httpStatusCode?.[row] ?? 0) >= 500
    const kind = spanKind?.[row] ?? 0
    const isWanted = this.parts.calls.wants(kind, timeMs)
    const owner = (): Whose => this.#owners.ofResource(resource[row] as number, false, timeMs)
    if (isWanted) this.parts.calls.row(this.batch, row, owner(), timeMs, isFailed)
    if (isFailed) return spanSign(failedSpanOf(this.batch, row))
    const durationMs = this.#durations === undefined ? 0 : nanoCellToMs(this.#durations, row)
    return worthTiming(kind, isWanted, durationMs) ? slowSign(this.parts.slowness, owner().entity, this.batch.text(name, row), durationMs) : undefined
  }

  #kubernetesRow (row: number): KubernetesRow {
    const at = this.batch.at(row) as EventRow & { container: string }
    at.container = this.#owners.container(this.#columns.resource[row] as number)
    return at
  }

  /** Fills the entity columns of a row that leaves them empty. True: it is known what the row is about. */
  #fill (row: number, timeMs: number): boolean {
    const { entityKind, entityName, resource, source } = this.#columns
    if (entityKind !== undefined && entityKind[row] !== 0 && (entityName?.[row] ?? 0) !== 0) return true
    const { entity, waits } = this.#owners.ofResource(resource[row] as number, this.#isLocal(source?.[row] ?? 0), timeMs)
    if (waits !== undefined || entity.kind === 'Cluster') return false
    this.#entities.fill(row, resource[row] as number, entity)
    return true
  }

  #rate (row: number, hasEntity: boolean, timeMs: number): number {
    const claimedMs = nanoCellToMs(this.#times, row)
    const observedMs = this.#observed === undefined ? 0 : nanoCellToMs(this.#observed, row)
    const value = this.#ratings.of(row, hasEntity, claimedMs, observedMs > 0 ? observedMs : timeMs)
    const confidences = this.#confidences ??= this.#marks.column('confidence')
    confidences[row] = value
    return value
  }

  #count (row: number, signal: number, recognised: Seen, timeMs: number, confidence: number): void {
    const whose = this.#whose(row, timeMs)
    const seen = recognised.sign === 'app.log_error' ? placed(recognised, whose.entity.kind, this.batch.text(this.#columns.name, row)) : recognised
    const symptom = this.parts.sightings.add({ seen, whose, severity: this.#columns.severity[row] as number, timeMs, confidence, evidence: new RowEvidence(this.batch, row) })
    noteFailedCall(this.parts, seen, whose, timeMs)
    if (symptom === undefined || this.parts.marked[signal] !== 1) return
    this.#marks.symptom(row, seen.sign, symptom.id)
  }

  #whose (row: number, timeMs: number): Whose {
    const { batch } = this
    const c = this.#columns
    const resource = c.resource[row] as number
    const isLocal = this.#isLocal(c.source?.[row] ?? 0)
    const kind = batch.text(c.entityKind, row)
    if (kind !== '' && (c.entityName?.[row] ?? 0) !== 0) return this.#owners.ofSaid(row, isLocal, timeMs)
    if (kind === '') {
      const byResource = this.#owners.ofResource(resource, isLocal, timeMs)
      // A resource that names its pod says more than a process or an address.
      if (byResource.entity.kind === 'Pod' || byResource.entity.kind === 'Container') return byResource
    }
    const said: Said = {
      kind, namespace: batch.text(c.entityNamespace, row), name: batch.text(c.entityName, row), uid: batch.text(c.entityUid, row),
      interfaceName: batch.text(c.interfaceName, row), address: batch.text(c.sourceAddress, row), comm: batch.text(c.comm, row), isLocal
    }
    return this.#owners.of(resource, said, timeMs)
  }

  #isLocal (source: number): boolean {
    let known = this.#localSources.get(source)
    if (known === undefined) this.#localSources.set(source, known = local.has(this.batch.strings.at(source)))
    return known
  }
}
