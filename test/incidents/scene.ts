/** What a script works with: a namespace of the world, its traffic, and short words for what it does. */
import type { EntityRef } from '../../core/correlation/entity.js'
import type { Stage, Truth } from './scenario.js'
import { alive } from './world/controllers.js'
import { appRef, nodeRef, podRef, serviceRef } from './world/names.js'
import type { App, NodePart, Pod } from './world/parts.js'
import type { Dice } from './world/random.js'
import type { Traffic } from './world/traffic.js'
import type { World } from './world/world.js'

export class Scene {
  constructor (readonly world: World, readonly traffic: Traffic, readonly namespace: string, readonly faultMs: number, readonly dice: Dice) {}

  /** After the fault's beginning. */
  at (offsetMs: number, act: () => void): void { this.world.sim.at(this.faultMs + offsetMs, act) }

  /** About every `everyMs` from `fromMs` for `count` times. */
  times (count: number, fromMs: number, everyMs: number, act: (i: number) => void): void {
    for (let i = 0; i < count; i++) this.at(fromMs + i * everyMs + this.dice.below(Math.max(1, everyMs / 4)), () => { act(i) })
  }

  apps (): App[] { return this.world.apps.filter(a => a.namespace === this.namespace) }

  /** One of the middle: it is called and calls. */
  middle (): App {
    const callers = (app: App): number => this.callersOf(app).length
    return this.dice.pick(this.apps().filter(a => a.role === 'http' && callers(a) > 0))
  }

  database (): App { return this.apps().find(a => a.role === 'database') as App }

  callersOf (app: App): App[] { return this.world.apps.filter(a => a.calls.includes(app)) }

  /** All whose requests need it, its own callers first; without itself. */
  upstreamOf (app: App): App[] {
    const found: App[] = []
    const visit = (callee: App): void => { for (const caller of this.callersOf(callee)) if (!found.includes(caller) && caller !== app) { found.push(caller); visit(caller) } }
    visit(app)
    return found
  }

  /** A worker that runs pods of the namespace, by choice one with many. */
  busyNode (options: { readonly has?: App, readonly isNot?: readonly NodePart[] } = {}): NodePart {
    const nodes = this.world.workers().filter(n => !(options.isNot ?? []).includes(n) && this.podsOn(n).some(p => options.has === undefined ? p.app.role === 'http' : p.app === options.has))
    return [...nodes].sort((a, b) => this.podsOn(b).length - this.podsOn(a).length || (a.name < b.name ? -1 : 1))[0] ?? this.world.workers()[0] as NodePart
  }

  /** Of the namespace. */
  podsOn (node: NodePart): Pod[] { return this.apps().flatMap(alive).filter(p => p.node === node) }

  /** Of any. */
  allPodsOn (node: NodePart): Pod[] { return this.world.apps.flatMap(alive).filter(p => p.node === node) }
}

/** An application in all its forms: workload, Service, and every pod it had. */
export function formsOf (...apps: readonly App[]): EntityRef[] {
  return apps.flatMap(app => [appRef(app), serviceRef(app), ...(app.replicaSet === undefined ? [] : [{ kind: 'ReplicaSet', namespace: app.namespace, name: app.replicaSet.metadata.name }]), ...app.pods.map(podRef)])
}

/** As a line of the kernel's log names its processes, which says nothing of pods. */
export function processesOf (app: App): EntityRef[] {
  return app.pods.filter(p => p.node !== undefined).map(p => ({ kind: 'Process', namespace: p.node?.name ?? '', name: app.comm }))
}

/** Applications that have pods on the node and take part in requests. */
export function appsOn (scene: Scene, node: NodePart): App[] {
  return [...new Set(scene.allPodsOn(node).map(p => p.app))].filter(a => a.calls.length > 0 || scene.callersOf(a).length > 0)
}

export const stage = (signs: string, of: readonly EntityRef[], seenIn?: Stage['seenIn']): Stage => ({ signs: signs.split(' '), of, ...(seenIn === undefined ? {} : { seenIn }) })

/** Signs by what they say, for stages. */
export const signs = {
  podDown: 'k8s.pod_* k8s.container_* k8s.crash_loop k8s.evicted k8s.probe_* k8s.warning',
  workloadDown: 'k8s.workload_* k8s.endpoints_* k8s.no_endpoints k8s.rollout_failed k8s.budget_*',
  callFails: 'net.* app.call_failed app.timeout app.unavailable app.auth_failed app.connections_exhausted',
  appFails: 'app.*'
} as const

/** What follows when an application cannot be reached: callers' connections fail, then their requests, and those of all above them. */
export function fallout (scene: Scene, app: App, from: string): Pick<Truth, 'stages' | 'edges' | 'affected'> {
  const [callers, upstream] = [scene.callersOf(app), scene.upstreamOf(app)]
  if (callers.length === 0) return { stages: {}, edges: [], affected: [] }
  return {
    stages: { calls: stage(signs.callFails, formsOf(...callers)), errors: stage(signs.appFails, formsOf(...upstream)) },
    edges: [`${from}>calls`, 'calls>errors'],
    affected: upstream.map(serviceRef)
  }
}

export { appRef, nodeRef, podRef, serviceRef }
