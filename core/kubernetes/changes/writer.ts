/** Changes as a batch of events, with the attributes of OpenTelemetry's semantic conventions for Kubernetes. */
import { createHash } from 'node:crypto'
import { BatchBuilder } from '../../data/builder.js'
import type { Attributes, AttributeValue } from '../../data/attributes.js'
import type { EventBatch } from '../../data/batch.js'
import { RawEncoding, Severity } from '../../data/enums.js'
import { Resource } from '../../data/resource.js'
import type { Change, ObjectRef } from './change.js'

/** Kinds with attributes of their own, and what they are called there. */
const attributeNames: Readonly<Record<string, string>> = {
  Pod: 'k8s.pod', Deployment: 'k8s.deployment', ReplicaSet: 'k8s.replicaset', StatefulSet: 'k8s.statefulset', DaemonSet: 'k8s.daemonset',
  Job: 'k8s.job', CronJob: 'k8s.cronjob', Node: 'k8s.node', Namespace: 'k8s.namespace', HorizontalPodAutoscaler: 'k8s.hpa', ResourceQuota: 'k8s.resourcequota',
  Service: 'k8s.service', ReplicationController: 'k8s.replicationcontroller', PersistentVolume: 'k8s.persistentvolume', PersistentVolumeClaim: 'k8s.persistentvolumeclaim', StorageClass: 'k8s.storageclass'
}

export interface WriterOptions {
  /** What made the events: `kubernetes`, `snapshot`. */
  readonly source: string
  /** Of every resource: `k8s.cluster.name`. */
  readonly attributes?: Attributes
}

/** Collects changes; `finish` gives the batch. One writer makes one batch. */
export class ChangeWriter {
  readonly #builder = new BatchBuilder()
  readonly #resources = new Map<string, number>()
  count = 0

  constructor (readonly options: WriterOptions) {}

  /** `raw`: the object the change was seen at, as JSON. */
  add (change: Change, raw?: Uint8Array): void {
    const { reason, message, severity, about, action, timeMs, exitCode, signal } = change
    const row = this.#builder.append({
      signal: 'events', type: 'kubernetes', name: reason, message, severity: Severity[severity], source: this.options.source,
      timeUnixNano: nanoOf(timeMs), entityKind: about.kind, entityName: about.name, action,
      ...(about.namespace === undefined ? {} : { entityNamespace: about.namespace }),
      ...(about.uid === undefined ? {} : { entityUid: about.uid }),
      ...(exitCode === undefined ? {} : { returnCode: exitCode }),
      ...(signal === undefined ? {} : { exitSignal: signal }),
      ...(raw === undefined ? {} : { raw: { encoding: RawEncoding.kubernetesJson, bytes: raw } }),
      attributes: attributesOf(change)
    })
    this.#builder.column('resource')[row] = this.#resource(change)
    this.#builder.column('id').set(idOf(change.key), row * 16)
    this.count++
  }

  finish (observedTimeUnixNano: bigint): EventBatch {
    this.#builder.column('observedTimeUnixNano').fill(observedTimeUnixNano, 0, this.count)
    return this.#builder.finish()
  }

  #resource ({ about, node, owners, container }: Change): number {
    const key = [about.kind, about.namespace, about.name, about.uid, node, container?.name, container?.id, ...owners.map(o => o.name)].join('\u0000')
    let known = this.#resources.get(key)
    if (known === undefined) {
      known = this.#builder.resource(new Resource(undefined, {
        ...this.options.attributes,
        ...named(about, true),
        ...Object.assign({}, ...owners.map(owner => named(owner, false))) as Attributes,
        ...(node === undefined ? {} : { 'k8s.node.name': node }),
        ...(container === undefined ? {} : { 'k8s.container.name': container.name }),
        ...(container?.id === undefined ? {} : { 'container.id': container.id }),
        ...(container?.image === undefined ? {} : { 'container.image.name': container.image })
      }))
      this.#resources.set(key, known)
    }
    return known
  }
}

function named ({ kind, name, namespace, uid }: ObjectRef, full: boolean): Attributes {
  const prefix = Object.hasOwn(attributeNames, kind) ? attributeNames[kind] : undefined
  return {
    ...(full && namespace !== undefined ? { 'k8s.namespace.name': namespace } : {}),
    ...(prefix === undefined ? {} : { [`${prefix}.name`]: name, ...(uid === undefined || uid === '' || kind === 'Namespace' ? {} : { [`${prefix}.uid`]: uid }) })
  }
}

function attributesOf ({ change, intent, category, from, to, attributes }: Change): Readonly<Record<string, AttributeValue>> {
  return {
    'tapio.k8s.change': change, 'tapio.intent': intent, 'tapio.category': category,
    ...(from === undefined ? {} : { 'tapio.change.from': from }),
    ...(to === undefined ? {} : { 'tapio.change.to': to }),
    ...attributes
  }
}

function nanoOf (timeMs: number): bigint { return BigInt(Math.round(timeMs * 1000)) * 1000n }

/** The same change of the same version of an object has the same id, whoever sees it and however often. */
export function idOf (key: string): Uint8Array { return createHash('sha256').update(key).digest().subarray(0, 16) }
