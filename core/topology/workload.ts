/** Which workload a pod belongs to, from its controlling owner and the rules by which controllers name what they make. */
import type { ObjectMeta, OwnerReference } from '../kubernetes/objects.js'

export interface Owner { readonly kind: string, readonly name: string, readonly uid: string }

/** The workload a person would name, which may be the owner's owner: then its uid is not known from the pod. */
export interface Workload { readonly kind: string, readonly name: string }

export function controllerOf ({ ownerReferences = [] }: ObjectMeta): Owner | undefined {
  const owner: OwnerReference | undefined = ownerReferences.find(o => o.controller === true) ?? ownerReferences[0]
  return owner === undefined ? undefined : { kind: owner.kind ?? '', name: owner.name ?? '', uid: owner.uid ?? '' }
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
