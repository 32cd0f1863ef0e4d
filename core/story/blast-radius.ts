/** Who is affected, so that forty pods of one node are one line. */
import type { Affected } from '../incidents/incident.js'
import { printable } from './printable.js'
import { stateWords } from './words.js'

/** Things of one kind that are in one state for one reason. */
export interface AffectedGroup {
  readonly state: Affected['state']
  readonly stateText: string
  /** `Pod`; '' in the line that counts what is left out. */
  readonly kind: string
  readonly names: readonly string[]
  readonly moreNames: number
  readonly why: string
}

/** In the order of the document. At most `maxGroups` lines of a state, `maxNames` names in each; one more line counts the rest of a state. */
export function groupAffected (affected: readonly Affected[], maxGroups: number, maxNames: number): AffectedGroup[] {
  const groups = new Map<string, Affected[]>()
  for (const one of affected) {
    const key = JSON.stringify([one.state, one.entity.kind, one.why])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [one])
    else group.push(one)
  }
  return (Object.keys(stateWords) as Affected['state'][]).flatMap(state => ofState(state, [...groups.values()].filter(([first]) => first?.state === state), maxGroups, maxNames))
}

function ofState (state: Affected['state'], groups: readonly Affected[][], maxGroups: number, maxNames: number): AffectedGroup[] {
  const stateText = stateWords[state]
  const shown = groups.slice(0, maxGroups).map(group => ({
    state,
    stateText,
    kind: printable(group[0]?.entity.kind ?? '', 64),
    names: group.slice(0, maxNames).map(nameOf),
    moreNames: Math.max(0, group.length - maxNames),
    why: printable(group[0]?.why ?? '')
  }))
  const left = groups.slice(maxGroups).reduce((n, group) => n + group.length, 0)
  return left === 0 ? shown : [...shown, { state, stateText, kind: '', names: [], moreNames: left, why: '' }]
}

function nameOf ({ entity: { namespace = '', name } }: Affected): string { return printable(namespace === '' ? name : `${namespace}/${name}`) }
