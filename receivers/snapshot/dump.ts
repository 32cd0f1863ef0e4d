/** A dump as batches of events: objects first, then what was written about them. */
import type { EventBatch } from '../../core/data/batch.js'
import { RawEncoding, Severity } from '../../core/data/enums.js'
import type { Change } from '../../core/kubernetes/changes/change.js'
import { ChangeWriter } from '../../core/kubernetes/changes/index.js'
import type { KubeObject } from '../../core/kubernetes/objects.js'
import { isKubeKind } from '../../core/kubernetes/watchable.js'
import { readAlerts, type Alert } from './alerts.js'
import type { SnapshotConfig } from './config.js'
import { layoutOf, roleOf, type Role } from './layout.js'
import { logEvents } from './logs.js'
import { parseObjects } from './objects-file.js'
import { readEnd } from './read-text.js'
import type { Reports } from './reports.js'
import { nanoOf, Rows } from './rows.js'
import { scan, type DumpFile } from './scan.js'
import { statesOf } from './states.js'
import { Subjects } from './subjects.js'
import { newestTime, offsetMinutes, type LocalClock } from './times.js'
import { offsetOf, readUnitStatus, reasonOf, severityOf, type UnitStatus } from './unit-status.js'

/** Clocks of the cluster and of this machine may differ by this much; a later time is a mistake. */
const maxAheadMs = 86_400_000

type RoleOf<I extends Role['is']> = Extract<Role, { readonly is: I }>
interface Placed<R extends Role = Role> { readonly file: DumpFile, readonly role: R }

export class Dump {
  readonly #objects: KubeObject[] = []
  readonly #alerts: Alert[] = []
  readonly #units: { readonly file: DumpFile, readonly node: string, readonly status: UnitStatus }[] = []
  readonly #subjects = new Subjects()
  #placed: readonly Placed[] = []
  #clock: LocalClock = { offsetMinutes: 0, collectedMs: 0 }
  layout = ''

  constructor (readonly config: SnapshotConfig, readonly reports: Reports, readonly nowMs: number) {}

  get collectedMs (): number { return this.#clock.collectedMs }

  /** Throws when a path is not there. */
  async open (): Promise<void> {
    const { files, beyondLimit } = await scan(this.config.paths, this.config.max_files)
    this.reports.beyondLimit(beyondLimit)
    this.#placed = files.map(file => ({ file, role: roleOf(file.name) }))
    this.layout = layoutOf(files.map(f => f.name))
  }

  /** All but the logs, which are read one by one as they are sent. */
  async load (signal: AbortSignal): Promise<void> {
    for (const { file, role } of this.#placed) {
      if (signal.aborted) return
      if (role.is === 'unknown') this.reports.file('unknown', file.name)
      if (role.is === 'objects' || role.is === 'alerts') await this.#loadObjects(file, role.is)
      if (role.is === 'unit') await this.#loadUnit(file, role)
    }
    this.#clock = await this.#localClock()
  }

  /** The burst. */
  async * batches (signal: AbortSignal): AsyncGenerator<EventBatch> {
    yield * this.#stateBatches()
    const rows = new Rows(this.config.batch_rows, this.collectedMs)
    if (this.config.objects === 'all') yield * full(this.#objects.map(o => this.#objectRow(rows, o)))
    yield * full(this.#alerts.map((alert, i) => this.#alertRow(rows, alert, i)))
    for (const { file, node, status } of this.#units) yield * full(this.#unitRows(rows, file, node, status))
    for (const { file, role } of this.config.logs ? this.#placed : []) {
      if (signal.aborted) return
      if (role.is === 'log' || role.is === 'journal') for (const batch of await this.#logRows(rows, file, role)) yield batch
    }
    const last = rows.finish()
    if (last !== undefined) yield last
  }

  async #loadObjects (file: DumpFile, is: 'objects' | 'alerts'): Promise<void> {
    const limit = /\.ya?ml$/.test(file.name) ? Math.min(this.config.max_yaml_bytes, this.config.max_file_bytes) : this.config.max_file_bytes
    if (file.bytes > limit) { this.reports.file('too_large', file.name, `${file.bytes} bytes, at most ${limit}`); return }
    try {
      const { text } = await readEnd(file.path, limit)
      const alerts = is === 'alerts' ? readAlerts(JSON.parse(text)) : undefined
      if (alerts === undefined) await this.#takeObjects(text, file.name)
      else for (const alert of alerts) this.#alerts.push(alert)
      this.reports.file('read', file.name)
    } catch (error) {
      this.reports.file('damaged', file.name, error instanceof Error ? error.message.slice(0, 120) : 'cannot be read')
    }
  }

  async #takeObjects (text: string, name: string): Promise<void> {
    const { objects, damaged } = await parseObjects(text, name)
    this.reports.objects('damaged', damaged)
    for (const object of objects) {
      this.reports.objects(isKubeKind(object.kind ?? '') ? 'read' : 'other_kind')
      this.#objects.push(object)
      this.#subjects.add(object)
    }
  }

  async #loadUnit (file: DumpFile, { node, unit }: RoleOf<'unit'>): Promise<void> {
    const status = readUnitStatus((await readEnd(file.path, this.config.log_tail)).text, unit)
    this.reports.file(status === undefined ? 'damaged' : 'read', file.name, status === undefined ? 'no output of systemctl status' : '')
    if (status !== undefined) this.#units.push({ file, node, status })
  }

  /** When the dump was taken, and how its machines write the time. */
  async #localClock (): Promise<LocalClock> {
    const said = this.config.collected_at ?? await this.#collectedText()
    const newestMs = (): number => this.#objects.reduce((ms, o) => Math.max(ms, newestTime(o, this.nowMs + maxAheadMs)), -Infinity)
    const changedMs = (): number => this.#placed.reduce((ms, { file }) => Math.max(ms, file.changedMs), -Infinity)
    const collectedMs = [() => Date.parse(said), newestMs, changedMs].map(ask => ask()).find(Number.isFinite) ?? this.nowMs
    const offsets = this.#units.map(({ status }) => offsetOf(status, collectedMs)).filter(o => o !== undefined)
    return { collectedMs, offsetMinutes: offsetMinutes(said) ?? offsets[0] ?? 0 }
  }

  async #collectedText (): Promise<string> {
    for (const { file, role } of this.#placed) {
      if (role.is !== 'collected') continue
      // must-gather's has a line for the beginning and one for the end, each with more behind it.
      const lines = (await readEnd(file.path, 4096)).text.trim().split('\n')
      const time = lines.map(l => /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?: ?(?:Z|[+-]\d\d:?\d\d))?/.exec(l)?.[0].replace(' ', 'T').replace(' ', '')).filter(t => t !== undefined).at(-1)
      this.reports.file(time === undefined ? 'damaged' : 'read', file.name, time === undefined ? 'no time in it' : '')
      if (time !== undefined) return time
    }
    return ''
  }

  * #stateBatches (): Generator<EventBatch> {
    let writer = new ChangeWriter({ source: 'snapshot' })
    for (const object of this.#objects) {
      for (const change of this.#statesOf(object)) writer.add(change)
      if (writer.count < this.config.batch_rows) continue
      yield writer.finish(nanoOf(this.collectedMs))
      writer = new ChangeWriter({ source: 'snapshot' })
    }
    if (writer.count > 0) yield writer.finish(nanoOf(this.collectedMs))
  }

  /** One whose shape nobody foresaw is counted. */
  #statesOf (object: KubeObject): readonly Change[] {
    const { kind = '' } = object
    if (!isKubeKind(kind)) return []
    try {
      return statesOf(kind, object, this.collectedMs)
    } catch {
      this.reports.objects('damaged')
      return []
    }
  }

  #objectRow (rows: Rows, object: KubeObject): EventBatch | undefined {
    const { kind = '', metadata = {} } = object
    const { name = '', namespace = '', uid = '', resourceVersion = '' } = metadata
    return rows.add({
      signal: 'events', type: 'kubernetes', name: 'ObjectSnapshot', severity: Severity.info, entityKind: kind, entityNamespace: namespace, entityName: name, entityUid: uid,
      raw: { encoding: RawEncoding.kubernetesJson, bytes: Buffer.from(JSON.stringify(object)) }
    }, this.collectedMs, `object/${kind}/${namespace}/${name}/${uid}/${resourceVersion}`)
  }

  #alertRow (rows: Rows, { name, message, severity, timeMs, labels, entity }: Alert, index: number): EventBatch | undefined {
    const attributes = Object.fromEntries(Object.entries(labels).map(([key, value]) => [`alert.${key}`, value]))
    return rows.add({
      signal: 'events', type: 'metric', name, message, severity, attributes,
      ...(entity === undefined ? {} : { entityKind: entity.kind, entityNamespace: entity.namespace, entityName: entity.name })
    }, Number.isNaN(timeMs) ? this.collectedMs : timeMs, `alert/${index}/${name}/${JSON.stringify(labels)}/${this.collectedMs}`)
  }

  #unitRows (rows: Rows, file: DumpFile, node: string, { unit, state, since, journal }: UnitStatus): (EventBatch | undefined)[] {
    const sinceMs = Date.parse(`${since.replace(' ', 'T')}Z`) - this.#clock.offsetMinutes * 60_000
    const event = { signal: 'events', type: 'system', name: reasonOf(state), message: `${unit} is ${state}`, severity: Severity[severityOf(state)], entityKind: 'Unit', entityName: unit, resource: { 'host.name': node, 'k8s.node.name': node } } as const
    return [
      rows.add(event, Number.isNaN(sinceMs) ? this.collectedMs : sinceMs, `unit/${file.name}/${state}/${since}`),
      ...(this.config.logs ? logEvents({ file: file.name, role: { is: 'journal', node, unit }, lines: journal, clock: this.#clock, subjects: this.#subjects }).map(l => rows.add(l.event, l.timeMs, l.key)) : [])
    ]
  }

  async #logRows (rows: Rows, file: DumpFile, role: RoleOf<'log' | 'journal'>): Promise<EventBatch[]> {
    try {
      const { text, cut } = await readEnd(file.path, this.config.log_tail)
      if (cut) this.reports.cut()
      this.reports.file('read', file.name)
      return [...full(logEvents({ file: file.name, role, lines: text.split('\n'), clock: this.#clock, subjects: this.#subjects }).map(l => rows.add(l.event, l.timeMs, l.key)))]
    } catch (error) {
      this.reports.file('damaged', file.name, error instanceof Error ? error.message.slice(0, 120) : 'cannot be read')
      return []
    }
  }
}

function * full (batches: readonly (EventBatch | undefined)[]): Generator<EventBatch> {
  for (const batch of batches) if (batch !== undefined) yield batch
}
