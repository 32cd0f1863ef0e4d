/** Why a pattern holds for a subject or does not: every condition with what it saw. For `tapio test`; slower than asking. */
import type { NodeRef } from '../topology/graph/view.js'
import { Ask } from './ask.js'
import { holds, type Condition } from './condition.js'
import { within } from './current.js'
import { combinations, type Limits } from './evaluate.js'
import type { Pattern } from './pattern.js'
import type { Scene } from './scene.js'
import { Scope } from './scope.js'
import { shown } from './shown.js'
import { World } from './world.js'

export function explain (pattern: Pattern, scene: Scene, ref: NodeRef, { maxCombinations }: Limits): string[] {
  const world = new World(scene)
  return within(world, () => {
    const scope = new Scope(world, ref)
    world.askedNamespace = scope.namespace
    const ask = new Ask(scope, pattern.names, () => undefined)
    const head = pattern.quick.map(condition => line(condition, ask))
    let best: { readonly lines: string[], readonly held: number } | undefined
    let tried = 0
    for (const combination of combinations(pattern, ask, maxCombinations)) {
      tried++
      const names = pattern.loops.map(([name]) => `with ${name} = ${shown(combination.context[name])}:`)
      const lines = pattern.slow.map(condition => line(condition, combination))
      const held = lines.filter(l => l.startsWith('yes')).length
      if (best === undefined || held > best.held) best = { lines: [...names, ...lines], held }
    }
    return [...head, ...(best?.lines ?? (pattern.loops.length > 0 ? ['no   for: there is nothing to go through'] : [])), ...(tried > 1 ? [`(the best of ${tried} combinations)`] : [])]
  })
}

function line (condition: Condition, ask: Ask): string {
  const answer = condition.answer(ask)
  holds(condition, ask)
  return `${answer.holds ? 'yes' : 'no '}  line ${condition.at.line}  ${condition.text}${answer.why === undefined ? '' : `: ${answer.why()}`}`
}
