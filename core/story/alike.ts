/** Steps of a chain that say the same of several things: eight pods of a node that went away are one line to read. */
import type { ChainStep } from '../incidents/incident.js'

export interface Run {
  /** Position of the first in the chain. */
  readonly from: number
  readonly steps: readonly [ChainStep, ...ChainStep[]]
}

/** Fewer are as quickly read one by one. */
const minAlike = 3

/** All steps in their order. With `joins`, those that follow each other with one sign, kind and set of causes are one run. */
export function runsOf (chain: readonly ChainStep[], joins: boolean): Run[] {
  const runs: Run[] = []
  for (let from = 0; from < chain.length;) {
    const step = chain[from] as ChainStep
    let to = from + 1
    while (joins && to < chain.length && areAlike(step, chain[to] as ChainStep)) to++
    if (to - from < minAlike) to = from + 1
    runs.push({ from, steps: [step, ...chain.slice(from + 1, to)] })
    from = to
  }
  return runs
}

function areAlike (a: ChainStep, b: ChainStep): boolean {
  return a.sign === b.sign && a.entity.kind === b.entity.kind && causesOf(a) === causesOf(b)
}

const causesOf = ({ causes }: ChainStep): string => causes.map(cause => cause.step).sort((a, b) => a - b).join()
