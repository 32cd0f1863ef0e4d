/** Who is affected, so that forty pods of one node are one line. */
import type { Affected } from '../incidents/incident.js'
import { printable } from './printable.js'
import { nameText, stateWords } from './words.js'

/** Things of one kind that are in one state for one reason. */
export interface AffectedGroup {
  readonly state: Affected['state']
  readonly stateText: string
  readonly kind: string
  readonly names: readonly string[]
  readonly moreNames: number
  /** '' when they have more reasons than are told. */
  readonly why: string
}

/** In the order of the document, a line a state, kind and reason. Beyond `maxReasons` a kind has one line without; `maxNames` names are in each. */
export function groupAffected (affected: readonly Affected[], maxReasons: number, maxNames: number): AffectedGroup[] {
  const states = Object.keys(stateWords) as Affected['state'][]
  return states.flatMap(state => {
    const kinds = groupBy(affected.filter(a => a.state === state), a => a.entity.kind)
    return kinds.flatMap(ofKind => {
      const reasons = groupBy(ofKind, a => a.why)
      return reasons.length > maxReasons ? [groupOf(ofKind, '', maxNames)] : reasons.map(group => groupOf(group, group[0]?.why ?? '', maxNames))
    })
  })
}

function groupBy (affected: readonly Affected[], keyOf: (one: Affected) => string): Affected[][] {
  const groups = new Map<string, Affected[]>()
  for (const one of affected) {
    const group = groups.get(keyOf(one))
    if (group === undefined) groups.set(keyOf(one), [one])
    else group.push(one)
  }
  return [...groups.values()]
}

function groupOf (group: readonly Affected[], why: string, maxNames: number): AffectedGroup {
  const state = group[0]?.state ?? 'failed'
  return {
    state,
    stateText: stateWords[state],
    kind: printable(group[0]?.entity.kind ?? '', 64),
    names: group.slice(0, maxNames).map(({ entity }) => printable(nameText(entity))),
    moreNames: Math.max(0, group.length - maxNames),
    why: printable(why)
  }
}
