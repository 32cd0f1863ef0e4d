/** Which workload a pod belongs to, from its controlling owner and the rules by which controllers name what they make. */
import type { ObjectMeta } from '../kubernetes/objects.js'
import { listAt, textAt, valueAt } from './graph/plain.js'

export interface Owner { readonly kind: string, readonly name: string, readonly uid: string }

/** The workload a person would name, which may be the owner's owner: then its uid is not known from the pod. */
export interface Workload { readonly kind: string, readonly name: string }

/** Undefined: nobody owns it, or what it says of its owner has no shape. */
export function controllerOf (metadata: ObjectMeta | null): Owner | undefined {
  const references = listAt(metadata, 'ownerReferences').filter(o => textAt(o, 'name') !== '')
  const owner = references.find(o => valueAt(o, 'controller') === true) ?? references[0]
  return owner === undefined ? undefined : { kind: textAt(owner, 'kind'), name: textAt(owner, 'name'), uid: textAt(owner, 'uid') }
}

/**
 * A Deployment names its ReplicaSets `<name>-<pod-template-hash>` and labels the pods with that hash, so a ReplicaSet
 * that somebody made by hand is not mistaken for one. A CronJob names its Jobs `<name>-<minutes since 1970>`, eight digits
 * (ten, seconds, before 1.21).
 */
export function grandOwner (owner: Owner, podTemplateHash: string): Workload | undefined {
  const { kind, name } = owner
  if (kind === 'ReplicaSet' && podTemplateHash !== '' && name.endsWith(`-${podTemplateHash}`)) return { kind: 'Deployment', name: name.slice(0, -podTemplateHash.length - 1) }
  const cron = kind === 'Job' ? /^(.+)-\d{8,10}$/.exec(name) : null
  return cron === null ? undefined : { kind: 'CronJob', name: cron[1] as string }
}
