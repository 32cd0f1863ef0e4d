/** A new template of a Deployment or StatefulSet, and what its controller does then. */
import { alive, sync } from './controllers.js'
import { objectRef } from './names.js'
import { setCondition, type ConditionPart } from './objects.js'
import { iso, type App, type Fate, type Pod } from './parts.js'
import { createPod, deletePod } from './pod-life.js'
import { replicaSetOf } from './topology.js'
import type { World } from './world.js'

export interface PodSpecPart {
  nodeSelector?: Record<string, string>
  volumes?: object[]
  containers: [{ image: string, env: object[], envFrom?: object[], resources: object, readinessProbe: Record<string, unknown>, livenessProbe: Record<string, unknown> }]
}

export interface RolloutOptions {
  /** All old pods go first (strategy Recreate); else one new pod is made and has to become ready. */
  readonly isRecreate: boolean
  readonly fate: Fate
}

export function rollout (world: World, app: App, change: (spec: PodSpecPart, annotations: Record<string, string>) => void, { isRecreate, fate }: RolloutOptions): void {
  const template = (app.workload['spec'] as { template: { metadata: { annotations?: Record<string, string> }, spec: PodSpecPart } }).template
  change(template.spec, template.metadata.annotations ??= {})
  app.image = template.spec.containers[0].image
  app.workload.metadata.generation = (app.workload.metadata.generation ?? 1) + 1
  app.fate = fate
  app.revision++
  world.put(app.workload)
  const old = alive(app)
  if (app.kind === 'Deployment') {
    app.replicaSet = world.put(replicaSetOf(world, app, world.nowMs))
    world.event({ about: objectRef(app.workload), type: 'Normal', reason: 'ScalingReplicaSet', note: `Scaled up replica set ${app.replicaSet.metadata.name} from 0 to ${isRecreate ? app.replicas : 1}`, from: 'deployment-controller' })
  }
  sync(world, app)
  if (isRecreate) {
    for (const pod of old) deletePod(world, pod, { isReplaced: false })
    world.sim.after(3500, () => { for (let i = 0; i < app.replicas; i++) createPod(world, app) })
  } else oneByOne(world, app, old)
  if (fate.kind !== 'ok' && app.kind === 'Deployment') world.sim.after(100_000, () => { stuck(world, app) })
}

function oneByOne (world: World, app: App, old: readonly Pod[]): void {
  const [pod, ...rest] = old.filter(p => !p.isGone)
  if (pod === undefined) return
  const { replicaSet } = app
  createPod(world, app)
  const wait = (): void => {
    const made = app.pods.at(-1)
    if (app.replicaSet !== replicaSet || made === undefined) return
    if (!made.isReady) { world.sim.after(2000, wait); return }
    deletePod(world, pod, { isReplaced: false })
    oneByOne(world, app, rest)
  }
  world.sim.after(2000, wait)
}

/** `progressDeadlineSeconds` has passed. */
function stuck (world: World, app: App): void {
  if (app.fate.kind === 'ok') return
  const status = app.workload['status'] as { conditions?: ConditionPart[] }
  setCondition(status.conditions ??= [], { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: `ReplicaSet "${app.replicaSet?.metadata.name ?? ''}" has timed out progressing.`, lastTransitionTime: iso(world.nowMs) })
  world.put(app.workload)
}
