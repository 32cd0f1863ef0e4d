/** What the control plane does by itself: endpoints follow pods, a workload's status follows its pods, missing pods are made. */
import { iso, type App, type Pod, type Thing } from './parts.js'
import { setCondition, thing, type ConditionPart } from './objects.js'
import { createPod } from './pod-life.js'
import type { World } from './world.js'

/** Soon, once however often it is asked. */
export function sync (world: World, app: App): void {
  if (app.isSyncing) return
  app.isSyncing = true
  world.sim.after(world.dice.between(150, 700), () => {
    app.isSyncing = false
    syncEndpoints(world, app)
    syncWorkload(world, app)
  })
}

/** Before the story begins. */
export function syncNow (world: World, app: App, hasWorkload: boolean): void {
  syncEndpoints(world, app)
  if (hasWorkload) syncWorkload(world, app)
}

export function alive (app: App): Pod[] { return app.pods.filter(p => !p.isGone) }

function syncEndpoints (world: World, app: App): void {
  if (app.service === undefined) return
  const selector = (app.service['spec'] as { selector: Record<string, string> }).selector
  const matching = alive(app).filter(p => p.ip !== '' && Object.entries(selector).every(([key, value]) => p.object.metadata.labels?.[key] === value))
  app.endpoints = matching.filter(p => p.isReady)
  const slice = sliceOf(world, app, app.service)
  const before = JSON.stringify(slice['endpoints'])
  slice['endpoints'] = matching.map(p => ({ addresses: [p.ip], conditions: { ready: p.isReady, serving: p.isReady, terminating: false }, nodeName: p.node?.name, targetRef: { kind: 'Pod', name: p.name, namespace: app.namespace, uid: p.uid } }))
  if (JSON.stringify(slice['endpoints']) !== before) world.put(slice)
}

function sliceOf (world: World, app: App, service: Thing): Thing {
  const known = [...world.things.values()].find(t => t.kind === 'EndpointSlice' && t.metadata.namespace === app.namespace && t.metadata.labels?.['kubernetes.io/service-name'] === service.metadata.name)
  return known ?? thing(world.dice, {
    apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4', endpoints: [], ports: [{ name: 'main', port: app.port, protocol: 'TCP' }],
    metadata: { name: `${service.metadata.name}-${world.dice.suffix(5)}`, namespace: app.namespace, labels: { 'kubernetes.io/service-name': service.metadata.name }, ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: service.metadata.name, uid: service.metadata.uid, controller: true }] }
  }, world.nowMs)
}

export function syncWorkload (world: World, app: App): void {
  const pods = alive(app)
  const ready = pods.filter(p => p.isReady).length
  const updated = pods.filter(p => p.replicaSet === app.replicaSet).length
  const status = app.workload['status'] as Record<string, unknown> & { conditions?: ConditionPart[] }
  const before = JSON.stringify(status)
  status['observedGeneration'] = app.workload.metadata.generation ?? 1
  if (app.kind === 'DaemonSet') Object.assign(status, { desiredNumberScheduled: app.replicas, numberReady: ready, numberAvailable: ready, updatedNumberScheduled: updated })
  else Object.assign(status, { replicas: pods.length, readyReplicas: ready, availableReplicas: ready, updatedReplicas: updated })
  if (app.kind === 'Deployment') availability(world, app, status, ready)
  if (JSON.stringify(status) !== before) world.put(app.workload)
}

function availability (world: World, app: App, status: { conditions?: ConditionPart[] }, ready: number): void {
  const isEnough = ready >= Math.max(1, Math.ceil(app.replicas * 0.75))
  setCondition(status.conditions ??= [], { type: 'Available', status: isEnough ? 'True' : 'False', reason: isEnough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable', message: isEnough ? 'Deployment has minimum availability.' : 'Deployment does not have minimum availability.', lastTransitionTime: iso(world.nowMs) })
}

/** As many pods of the newest template as are missing. */
export function fill (world: World, app: App): void {
  const missing = app.replicas - alive(app).length
  for (let i = 0; i < missing; i++) createPod(world, app)
}
