/** How many pods a workload wants, and whether its controller could make them. */
import { listAt, objectAt, valueAt } from '../../topology/graph/plain.js'
import { world } from '../current.js'
import { refOf } from '../world.js'
import { define, type PatternFunctions } from './define.js'

export const workloadFunctions: PatternFunctions = {
  wantedPods: define('x', 'how many pods a workload is to have now', wantedPods),
  lacksPods: define('x', 'whether its controller has not made all pods of its present template', lacksPods)
}

function wantedPods (x: unknown): number {
  switch (refOf(x).kind) {
    case 'DaemonSet': return count(valueAt(x, 'status', 'desiredNumberScheduled'), 1)
    case 'Job': return isFinished(x) ? 0 : count(valueAt(x, 'spec', 'parallelism'), 1)
    default: return count(valueAt(x, 'spec', 'replicas'), 1)
  }
}

/** Old pods may run while new ones are refused: then there are enough, and the rollout stands still. */
function lacksPods (x: unknown): boolean {
  const wanted = wantedPods(x)
  if (wanted === 0) return false
  const isRefused = listAt(x, 'status', 'conditions').some(c => valueAt(c, 'type') === 'ReplicaFailure' && valueAt(c, 'status') === 'True')
  return isRefused || wanted > world().pods(refOf(x)).filter(isAlive).length || isRolloutShort(x, wanted)
}

function isRolloutShort (x: unknown, wanted: number): boolean {
  const status = objectAt(x, 'status')
  // A field of 0 is left out; without `replicas` nobody has written a status yet.
  return refOf(x).kind === 'Deployment' && count(status.replicas, 0) > 0 && count(status.updatedReplicas, 0) < wanted
}

const isAlive = (pod: unknown): boolean => !['Succeeded', 'Failed'].includes(String(valueAt(pod, 'status', 'phase') ?? ''))

const isFinished = (job: unknown): boolean =>
  listAt(job, 'status', 'conditions').some(c => ['Complete', 'Failed', 'Suspended'].includes(String(valueAt(c, 'type'))) && valueAt(c, 'status') === 'True')

function count (value: unknown, otherwise: number): number {
  const number = Number(value ?? otherwise)
  return Number.isFinite(number) ? number : otherwise
}
