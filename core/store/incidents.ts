/**
 * Incidents by id, and by start time alone, per entity name and per trace:
 *
 *   incidents      id -> the document, msgpack
 *   incidents_by   ['time', startMs, id] | ['entity', name, startMs, id] | ['trace', id, startMs, id] -> [status, severity, end, storedMs, sequence]
 *                  ['stored', storedMs, id] -> nothing: what goes first
 *                  ['changed', sequence, id] -> severity: the newest version of each, by when it was put; ['sequence'] -> the last one
 */
import type { Database } from 'lmdb'
import type { Incident } from '../incidents/incident.js'
import { breathe, paging, type Paging } from './cursor.js'
import { entityMatches } from './entity-match.js'
import { entitiesOf, levelRank } from './incident-shape.js'
import { type IncidentPage, type IncidentQuery, type PageOptions } from './store.js'
import { keyText, pack, unpack, type Tables } from './tables.js'

type Key = (string | number)[]
/** Status, rank of the severity, end of it in milliseconds, when it was stored, which change that was (not there before there were feeds). */
type Summary = readonly [string, number, number, number, number?]

/** Beyond it the one not written for longest goes: 20 KB each on average, so 1 GiB. */
const defaultMaxIncidents = 50_000
/** Index entries looked at before others may run. */
const stride = 500

export interface IncidentChanges { readonly incidents: readonly Incident[], readonly sequence: number, readonly more: boolean }

export class Incidents {
  readonly #documents: Database<Buffer, string>
  readonly #by: Database<unknown, Key>

  constructor (readonly tables: Tables, readonly maxIncidents = defaultMaxIncidents) {
    this.#documents = tables.documents('incidents')
    this.#by = tables.index('incidents_by') as Database<unknown, Key>
  }

  /** False: a version that is as new or newer is there. */
  put (incident: Incident, storedMs: number): Promise<boolean> {
    const bytes = pack(incident)
    return this.tables.change(() => {
      const old = this.get(incident.id)
      if (old !== undefined && old.version >= incident.version) return false
      if (old !== undefined) this.#unindex(old)
      this.#documents.put(incident.id, bytes).catch(() => undefined)
      const sequence = this.lastSequence + 1
      const summary: Summary = [incident.status, levelRank(incident.severity), endOf(incident), storedMs, sequence]
      for (const key of keysOf(incident)) this.#by.put(key, summary).catch(() => undefined)
      this.#by.put(['stored', storedMs, incident.id], 0).catch(() => undefined)
      this.#by.put(['changed', sequence, incident.id], levelRank(incident.severity)).catch(() => undefined)
      this.#by.put(['sequence'], sequence).catch(() => undefined)
      return true
    })
  }

  get (id: string): Incident | undefined {
    const bytes = this.#documents.get(id)
    return bytes === undefined ? undefined : unpack(bytes) as Incident
  }

  /** The only one whose id begins so. */
  find (prefix: string): Incident | undefined {
    if (prefix === '' || prefix.length > 128) return undefined
    const exact = this.get(prefix)
    if (exact !== undefined) return exact
    const ids = [...this.#documents.getKeys({ start: prefix, end: `${prefix}\uffff`, limit: 2 })]
    return ids.length === 1 ? this.get(ids[0] as string) : undefined
  }

  /** Of the last change; kept when what changed goes. */
  get lastSequence (): number { return this.#by.get(['sequence']) as number | undefined ?? 0 }

  /** What was put behind change `after`, by when, at most `limit`; `sequence`: of the last one looked at. */
  async changes (after: number, query: Pick<IncidentQuery, 'minSeverity' | 'entity'>, limit: number, signal?: AbortSignal): Promise<IncidentChanges> {
    const found: Incident[] = []
    const minRank = query.minSeverity === undefined ? 0 : levelRank(query.minSeverity)
    let sequence = after
    for (let seen = 0; found.length < limit;) {
      const some = [...this.#by.getRange({ start: ['changed', sequence, '\uffff'], end: ['changed', Infinity], limit: stride })]
      for (const { key, value } of some) {
        if (found.length === limit) return { incidents: found, sequence, more: true }
        sequence = key[1] as number
        const incident = (value as number) < minRank ? undefined : this.get(key[2] as string)
        if (incident !== undefined && fits(incident, query)) found.push(incident)
      }
      if (some.length < stride) return { incidents: found, sequence, more: false }
      if ((seen += some.length) % stride === 0) await breathe(signal)
    }
    return { incidents: found, sequence, more: true }
  }

  get count (): number { return this.#documents.getKeysCount() }

  async list (query: IncidentQuery, options?: PageOptions): Promise<IncidentPage> {
    const page = paging(query, ['number', 'string'], options)
    const found: Incident[] = []
    let seen = 0
    for (const [key, summary] of this.#candidates(query, page)) {
      if (++seen % stride === 0) await breathe(page.signal)
      if (!summaryFits(summary, query)) continue
      const incident = this.get(key[key.length - 1] as string)
      if (incident === undefined || !fits(incident, query)) continue
      if (found.length === page.limit) {
        const last = found[found.length - 1] as Incident
        return { incidents: found, next: page.next([last.startMs, last.id]) }
      }
      found.push(incident)
    }
    return { incidents: found }
  }

  /** Those written before `storedMs` go, and the oldest beyond the bound. At most `atMost` at a time. */
  prune (storedMs: number, atMost = 1000): Promise<number> {
    return this.tables.change(() => {
      let over = this.count - this.maxIncidents
      const gone: Key[] = []
      for (const key of this.#by.getKeys({ start: ['stored'], end: ['stored', Infinity], limit: atMost })) {
        const isOver = over-- > 0
        if ((key[1] as number) >= storedMs && !isOver) break
        gone.push(key)
      }
      for (const key of gone) this.#forget(key[2] as string, key)
      return gone.length
    })
  }

  /** One after the other in the order asked for, by the index that fits best. */
  * #candidates (query: IncidentQuery, { newestFirst, after }: Paging): Generator<[Key, Summary]> {
    const prefix: Key = query.traceId !== undefined ? ['trace', keyText(query.traceId)] : query.entity !== undefined ? ['entity', keyText(query.entity.name)] : ['time']
    const [low, high] = [[...prefix, -Infinity], [...prefix, Math.min(query.untilMs ?? Infinity, Infinity)]]
    const from = after === undefined ? undefined : [...prefix, ...after as Key]
    // Not one long cursor: between two entries others run and pages change.
    let at = from
    for (;;) {
      const range = newestFirst ? { start: at ?? high, end: low, reverse: true } : { start: at ?? low, end: high }
      const some = [...this.#by.getRange({ ...range, limit: stride, exclusiveStart: at !== undefined })]
      for (const { key, value } of some) yield [key, value as Summary]
      if (some.length < stride) return
      at = (some[some.length - 1] as { key: Key }).key
    }
  }

  #forget (id: string, storedKey: Key): void {
    this.#by.remove(storedKey).catch(() => undefined)
    const incident = this.get(id)
    if (incident === undefined) return
    this.#unindex(incident)
    this.#documents.remove(id).catch(() => undefined)
  }

  #unindex (incident: Incident): void {
    const time = this.#by.get(['time', incident.startMs, incident.id]) as Summary | undefined
    if (time !== undefined) this.#by.remove(['stored', time[3], incident.id]).catch(() => undefined)
    if (time?.[4] !== undefined) this.#by.remove(['changed', time[4], incident.id]).catch(() => undefined)
    for (const key of keysOf(incident)) this.#by.remove(key).catch(() => undefined)
  }
}

function keysOf (incident: Incident): Key[] {
  const { id, startMs } = incident
  const names = new Set(entitiesOf(incident).map(entity => keyText(entity.name)))
  return [
    ['time', startMs, id],
    ...Array.from(names, name => ['entity', name, startMs, id]),
    ...Array.from(new Set(incident.traceIds.map(keyText)), trace => ['trace', trace, startMs, id])
  ]
}

/** An open incident goes on. */
function endOf ({ status, resolvedMs, updatedMs }: Incident): number {
  return status === 'open' ? Infinity : resolvedMs ?? updatedMs
}

function summaryFits ([status, rank, endMs]: Summary, query: IncidentQuery): boolean {
  return (query.status === undefined || status === query.status) &&
    (query.minSeverity === undefined || rank >= levelRank(query.minSeverity)) &&
    (query.sinceMs === undefined || endMs >= query.sinceMs)
}

function fits (incident: Incident, { id, entity, traceId, untilMs }: IncidentQuery): boolean {
  return (id === undefined || incident.id.startsWith(id)) &&
    (untilMs === undefined || incident.startMs < untilMs) &&
    (traceId === undefined || incident.traceIds.includes(traceId)) &&
    (entity === undefined || entitiesOf(incident).some(e => entityMatches(e, entity)))
}
