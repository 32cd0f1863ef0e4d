/**
 * Incidents over time: which draft of this tick continues which incident of the last, and when one opens, changes, merges,
 * splits and is over. A draft continues the incident with which it shares most symptoms.
 */
import { createHash } from 'node:crypto'
import type { Draft } from './document.js'
import { entityKey } from '../correlation/entity.js'
import type { ChainStep, Incident } from './incident.js'

export interface LifecycleOptions {
  /** Less weight than this opens no incident. */
  readonly openWeight: number
  /** An incident without new evidence for this long is over. */
  readonly resolveAfterMs: number
  /** Resolved ones are remembered for this long, so that what comes late still finds them. */
  readonly retentionMs: number
  readonly maxIncidents: number
}

interface Held { /** Of an earlier life, and what is seen now explains no better. */ isOfBefore?: boolean, document: Incident, members: Set<string>, content: string, /** Events that the last told version speaks of. */ toldEvents: number }

export class Lifecycle {
  readonly #held = new Map<string, Held>()
  readonly #byMember = new Map<string, string>()
  /** Of incidents of an earlier life: which has trouble of this sign and entity. Symptoms of now have other ids than those of then. */
  readonly #before = new Map<string, string>()
  evicted = 0

  constructor (readonly options: LifecycleOptions) {}

  get all (): Incident[] { return [...this.#held.values()].map(h => h.document) }

  openOf (severity: Incident['severity']): number { return this.all.filter(i => i.status === 'open' && i.severity === severity).length }

  /**
   * Incidents that were open when the last life ended: what goes on of them continues them, under their id and from their version on. One of
   * which nothing is heard any more is over in time, as it would have been. `maxIncidents` at most, the newest. Returns how many it took.
   */
  restore (incidents: readonly Incident[]): number {
    let restored = 0
    for (const document of [...incidents].sort((a, b) => b.updatedMs - a.updatedMs)) {
      if (document.status !== 'open' || this.#held.has(document.id) || this.#held.size >= this.options.maxIncidents) continue
      this.#held.set(document.id, { isOfBefore: true, document, members: new Set(document.chain.map(s => s.id)), content: writtenContent(document), toldEvents: document.events })
      for (const step of document.chain) {
        this.#byMember.set(step.id, document.id)
        this.#before.set(troubleKey(step), document.id)
      }
      restored++
    }
    return restored
  }

  /** The documents that changed, in the order of their ids. `isOver`: whether trouble of these symptoms is known to be over; undefined = it is not asked now. */
  update (drafts: readonly Draft[], nowMs: number, isOver: ((members: readonly string[]) => boolean) | undefined, isLast = false): Incident[] {
    const changed: Incident[] = []
    const continued = new Set<string>()
    for (const draft of this.#byClaim(drafts)) {
      const before = this.#claims(draft).filter(id => !continued.has(id))
      const [id, ...merged] = before
      if (id === undefined) { this.#open(draft, nowMs, changed, this.#claims(draft)); continue }
      continued.add(id)
      this.#continue(id, draft, merged, changed)
      for (const other of merged) { continued.add(other); this.#absorb(other, id, nowMs, changed) }
    }
    if (isOver !== undefined) this.#resolve(nowMs, isOver, changed)
    if (isLast) this.#conclude(changed)
    this.#forget(nowMs)
    return changed.sort((a, b) => a.id < b.id ? -1 : 1)
  }

  /** Those that share most with an incident choose first. */
  #byClaim (drafts: readonly Draft[]): Draft[] {
    const claim = (d: Draft): number => d.members.reduce((n, m) => n + Number(this.#byMember.has(m)), 0)
    return drafts.map(draft => ({ draft, n: claim(draft) })).sort((a, b) => b.n - a.n || a.draft.startMs - b.draft.startMs || ((a.draft.members[0] ?? '') < (b.draft.members[0] ?? '') ? -1 : 1)).map(d => d.draft)
  }

  /** Incidents with symptoms of the draft: the one with most first, then the older. */
  #claims ({ members, chain }: Draft): string[] {
    const shared = new Map<string, number>()
    for (const member of members) {
      const id = this.#byMember.get(member)
      if (id !== undefined) shared.set(id, (shared.get(id) ?? 0) + 1)
    }
    if (shared.size === 0 && this.#before.size > 0) {
      for (const step of chain) {
        const id = this.#before.get(troubleKey(step))
        if (id !== undefined) shared.set(id, (shared.get(id) ?? 0) + 1)
      }
    }
    const start = (id: string): number => this.#held.get(id)?.document.startMs ?? 0
    return [...shared].sort((a, b) => b[1] - a[1] || start(a[0]) - start(b[0]) || (a[0] < b[0] ? -1 : 1)).map(([id]) => id)
  }

  #open (draft: Draft, nowMs: number, changed: Incident[], splitFrom: readonly string[]): void {
    if (draft.weight < this.options.openWeight) return
    if (this.#held.size >= this.options.maxIncidents && !this.#evict()) return
    const first = draft.chain.reduce((a, b) => b.timeMs < a.timeMs ? b : a, draft.chain[0] ?? { id: draft.members[0] ?? '', timeMs: 0 })
    const id = createHash('sha256').update(`incident|${first.id}|${draft.members[0] ?? ''}`).digest('hex').slice(0, 16)
    if (this.#held.has(id)) return
    const detectedMs = Math.max(nowMs, draft.startMs)
    this.#keep(id, draft, { schema: 1, id, version: 1, status: 'open', ...said(draft), detectedMs, timeToDetectionMs: detectedMs - draft.startMs, related: [...splitFrom].sort() }, changed)
  }

  #continue (id: string, draft: Draft, merged: readonly string[], changed: Incident[]): void {
    const held = this.#held.get(id) as Held
    if (held.isOfBefore === true && merged.length === 0 && explainsLess(draft, held.document)) { this.#goesOn(id, held, draft); return }
    const { document } = held
    const startMs = Math.min(document.startMs, draft.startMs)
    const content = contentOf(draft)
    const isBack = document.resolvedMs !== undefined && document.mergedInto === undefined && draft.updatedMs > document.resolvedMs
    if (content === held.content && merged.length === 0 && !isBack) {
      // It goes on as it was: nothing to tell, but it is not quiet either.
      if (document.status === 'open') held.document = { ...document, ...said(draft), startMs }
      return
    }
    // A better explanation of what is over leaves it over.
    const { resolvedMs, mergedInto, ...rest } = document
    void mergedInto
    const isOver = resolvedMs !== undefined && draft.updatedMs <= resolvedMs
    this.#keep(id, draft, { ...rest, ...said(draft), version: document.version + 1, ...(isOver ? { status: 'resolved', resolvedMs } : { status: 'open' }), startMs, timeToDetectionMs: Math.max(0, document.detectedMs - startMs), related: [...new Set([...document.related, ...merged])].sort() }, changed)
  }

  /** What was known before the last life ended explains more than what is seen since: the text stays, the incident is not quiet. */
  #goesOn (id: string, held: Held, { members, updatedMs }: Draft): void {
    for (const member of members) {
      held.members.add(member)
      this.#byMember.set(member, id)
    }
    held.document = { ...held.document, updatedMs: Math.max(held.document.updatedMs, updatedMs) }
  }

  /** Nothing more comes: open ones are told with all their evidence. */
  #conclude (changed: Incident[]): void {
    for (const held of this.#held.values()) {
      const { document } = held
      if (document.status !== 'open' || document.events === held.toldEvents) continue
      held.document = { ...document, version: document.version + 1 }
      held.toldEvents = document.events
      changed.push(held.document)
    }
  }

  #absorb (id: string, into: string, nowMs: number, changed: Incident[]): void {
    const held = this.#held.get(id)
    if (held === undefined) return
    if (held.document.status === 'open') {
      held.document = { ...held.document, version: held.document.version + 1, status: 'resolved', resolvedMs: nowMs, mergedInto: into, related: [...new Set([...held.document.related, into])].sort(), notes: [...held.document.notes, `Merged into ${into}.`] }
      changed.push(held.document)
    }
    held.members.clear()
  }

  #keep (id: string, draft: Draft, document: Incident, changed: Incident[]): void {
    const members = new Set(draft.members)
    this.#held.set(id, { document, members, content: contentOf(draft), toldEvents: document.events })
    for (const member of members) this.#byMember.set(member, id)
    changed.push(document)
  }

  #resolve (nowMs: number, isOver: (members: readonly string[]) => boolean, changed: Incident[]): void {
    for (const held of this.#held.values()) {
      const { document } = held
      if (document.status !== 'open') continue
      const isQuiet = nowMs - document.updatedMs >= this.options.resolveAfterMs
      if (!isQuiet && !isOver([...held.members])) continue
      held.document = { ...document, version: document.version + 1, status: 'resolved', resolvedMs: isQuiet ? document.updatedMs : nowMs }
      changed.push(held.document)
    }
  }

  #forget (nowMs: number): void {
    for (const [id, { document }] of this.#held) if (document.status === 'resolved' && nowMs - document.updatedMs >= this.options.retentionMs) this.#drop(id)
  }

  /** Room is made by what is over, the oldest first. */
  #evict (): boolean {
    for (const [id, { document }] of this.#held) {
      if (document.status === 'resolved') { this.#drop(id); this.evicted++; return true }
    }
    return false
  }

  #drop (id: string): void {
    const held = this.#held.get(id)
    for (const step of held?.document.chain ?? []) if (this.#before.get(troubleKey(step)) === id) this.#before.delete(troubleKey(step))
    for (const member of held?.members ?? []) if (this.#byMember.get(member) === id) this.#byMember.delete(member)
    this.#held.delete(id)
  }
}

const troubleKey = ({ sign, entity }: Pick<ChainStep, 'sign' | 'entity'>): string => `${sign}|${entityKey(entity)}`

function explainsLess (draft: Draft, before: Incident): boolean { return (draft.hypotheses[0]?.score ?? 0) < (before.hypotheses[0]?.score ?? 0) }

function said ({ members: _, weight: __, ...document }: Draft): Omit<Draft, 'members' | 'weight'> { return document }

/** Of drawings that are kept: by their chain, which each drawing has its own of. */
const contents = new WeakMap<Draft['chain'], string>()

/** What makes a text another one: who, what and why, not how often and how surely. */
function contentOf (draft: Draft): string {
  let content = contents.get(draft.chain)
  if (content === undefined) contents.set(draft.chain, content = writtenContent(draft))
  return content
}

function writtenContent ({ title, severity, startMs, hypotheses, chain, impact, actions, omitted }: Pick<Incident, 'title' | 'severity' | 'startMs' | 'hypotheses' | 'chain' | 'impact' | 'actions' | 'omitted'>): string {
  return JSON.stringify([
    title, severity, startMs, omitted, hypotheses.map(h => [h.pattern, h.subject]), chain.map(s => [s.id, s.entity, s.causes.map(c => [c.step, c.kind])]),
    impact.affected.map(a => [a.entity, a.state]), impact.slo.map(s => [s.service, s.objective]), actions.map(a => a.command ?? a.text)
  ])
}
