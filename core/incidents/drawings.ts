/**
 * Documents of groups, drawn when something about a group has changed and kept otherwise: most of what is held at a tick is as it was at
 * the last one. What says "as it was" is everything that a document is made of, so a kept one is the one that would be drawn. When
 * there are many groups, more events of the same and news of the cluster alone have it drawn anew every `patienceMs` only.
 */
import type { Engine } from '../correlation/engine.js'
import { entityKey } from '../correlation/entity.js'
import { sloBookOf } from '../impact/state.js'
import { draftOf, type Bounds, type Draft, type ImpactOf } from './document.js'
import type { Forest } from './forest.js'
import type { Explained, Group } from './groups.js'
import type { Scope } from './scope.js'
import { weightOf } from './weight.js'

interface Drawing { readonly shape: string, readonly course: string, readonly drawnMs: number, readonly draft: Draft }

/** So many are always drawn as they are. */
const fewGroups = 20
const patienceMs = 10_000

export class Drawings {
  #kept = new Map<string, Drawing>()
  readonly #numbers = new WeakMap<object, number>()
  #number = 0
  drawn = 0

  constructor (readonly engine: Engine, readonly scope: Scope, readonly impactOf: ImpactOf) {}

  /** `isLast`: as they are, however many. */
  of (groups: readonly Group[], forest: Forest, bounds: Bounds, nowMs: number, isLast: boolean): Draft[] {
    const before = this.#kept
    this.#kept = new Map()
    const isExact = isLast || groups.length <= fewGroups
    const world = this.#world(bounds)
    return groups.map(group => {
      const key = group.trees[0]?.root.id ?? group.findings[0]?.held.symptom.id ?? ''
      const [shape, course] = [this.#shapeOf(group, forest), `${world}|${courseOf(group)}`]
      const known = before.get(key)
      const drawing = known !== undefined && isStill(known, shape, course, nowMs, isExact) ? current(known, group) : { shape, course, drawnMs: nowMs, draft: this.#draw(group, forest, bounds) }
      this.#kept.set(key, drawing)
      return drawing.draft
    })
  }

  #draw (group: Group, forest: Forest, bounds: Bounds): Draft {
    this.drawn++
    return draftOf(group, forest, this.engine, this.scope, this.impactOf, bounds)
  }

  /** What is not of the group and is in its document: objects, calls, promises. */
  #world (bounds: Bounds): string {
    const { model, dependencies, symptoms } = this.engine
    const broken = sloBookOf(this.engine).standings.flatMap(({ violation }) => violation === undefined ? [] : [violation])
    return `${this.scope.asOfMs} ${model.version} ${dependencies.version} ${symptoms.refused} ${bounds.cut} ${[...bounds.flooding].join()} ${broken.length === 0 ? '' : JSON.stringify(broken)}`
  }

  /** Who, what and why. */
  #shapeOf ({ trees, findings }: Group, { parents }: Forest): string {
    const { links } = this.engine
    const parts: (string | number)[] = []
    for (const { members } of trees) {
      for (const s of members) {
        parts.push(s.id, entityKey(s.entity), s.severity, s.firstMs, s.confidence, s.impact, weightOf(s), s.evidence.length, parents.get(s.id)?.id ?? '')
        for (const link of links.into(s.id)) parts.push(link.id, link.confidence)
      }
      parts.push('/')
    }
    for (const explained of findings) parts.push(this.#numberOf(explained), ...explained.symptoms)
    return parts.join(' ')
  }

  /** A finding is another object when anything about it is another. */
  #numberOf ({ held: { finding } }: Explained): number {
    let number = this.#numbers.get(finding)
    if (number === undefined) this.#numbers.set(finding, number = ++this.#number)
    return number
  }
}

/** How much of it, until when. */
function courseOf ({ trees, findings }: Group): string {
  const parts: number[] = []
  for (const { members } of trees) for (const s of members) parts.push(s.count, s.lastMs, s.traceIds.length)
  for (const { held: { symptom } } of findings) parts.push(symptom.count, symptom.firstMs, symptom.lastMs)
  return parts.join(' ')
}

function isStill ({ shape: known, course: knownCourse, drawnMs }: Drawing, shape: string, course: string, nowMs: number, isExact: boolean): boolean {
  return known === shape && (knownCourse === course || (!isExact && nowMs - drawnMs < patienceMs))
}

/** An incident lives for as long as its events come. */
function current (drawing: Drawing, { trees }: Group): Drawing {
  let newestMs = drawing.draft.updatedMs
  for (const { members } of trees) for (const s of members) newestMs = Math.max(newestMs, s.lastMs)
  return newestMs === drawing.draft.updatedMs ? drawing : { ...drawing, draft: { ...drawing.draft, updatedMs: newestMs } }
}
