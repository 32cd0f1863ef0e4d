/** Volumes, claims and storage classes. */
import type { Finding } from './change.js'
import { at, because, changedConditions, valueChange } from './compare.js'
import type { Claim, StorageClass } from './types.js'

export function claimFindings (before: Claim | undefined, after: Claim): Finding[] {
  return [...claimPhase(before, after), ...resizing(before, after), ...(before === undefined ? [] : sizes(before, after))]
}

function claimPhase (before: Claim | undefined, after: Claim): Finding[] {
  const [from, to] = [before?.status?.phase, after.status?.phase]
  if (from === to) return []
  const about = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
  const { storageClassName: storageClass = '', volumeName = '' } = after.spec ?? {}
  if (to === 'Pending') return [{ change: 'claim_pending', reason: 'ClaimPending', message: `waits for a volume (${storageClass === '' ? 'default class' : `class ${storageClass}`})`, ...about }]
  if (to === 'Lost') return [{ change: 'claim_lost', reason: 'ClaimLost', message: `has lost its volume ${volumeName}`, ...about }]
  return to === 'Bound' && before !== undefined ? [{ change: 'claim_bound', reason: 'ClaimBound', message: `got volume ${volumeName}`, ...about }] : []
}

function resizing (before: Claim | undefined, after: Claim): Finding[] {
  return changedConditions(before?.status?.conditions, after.status?.conditions).filter(({ after: c }) => c.status === 'True').map(({ type, after: c }) => ({
    change: 'claim_resizing', reason: type, message: `${type}${because(c.message)}`, ...at(c.lastTransitionTime)
  }))
}

function sizes (before: Claim, after: Claim): Finding[] {
  return [
    ...valueChange('claim_size_changed', 'ClaimSizeAsked', 'size asked for', before.spec?.resources?.requests?.['storage'], after.spec?.resources?.requests?.['storage']),
    ...valueChange('claim_size_changed', 'ClaimSizeChanged', 'size', before.status?.capacity?.['storage'], after.status?.capacity?.['storage']).filter(f => f.from !== '')
  ]
}

export function volumeFindings (before: Claim | undefined, after: Claim): Finding[] {
  const [from, to] = [before?.status?.phase, after.status?.phase]
  if (from === to || to === undefined) return []
  const about = { ...(from === undefined ? {} : { from }), to }
  const { reason, message } = after.status ?? {}
  if (to === 'Failed') return [{ change: 'volume_failed', reason: reason ?? 'VolumeFailed', message: `failed${because(message)}`, ...about }]
  if (before === undefined) return []
  const claim = after.spec?.claimRef
  const whose = to === 'Bound' && claim !== undefined ? ` to ${claim.namespace ?? ''}/${claim.name ?? ''}` : ''
  return [{ change: 'volume_phase', reason: `Volume${to}`, message: `${from ?? '?'} -> ${to}${whose}`, ...about }]
}

const defaultClass = 'storageclass.kubernetes.io/is-default-class'

export function storageClassFindings (before: StorageClass | undefined, after: StorageClass): Finding[] {
  if (before === undefined) return []
  return [
    ...valueChange('policy_changed', 'StorageClassChanged', 'default class', before.metadata?.annotations?.[defaultClass] ?? 'false', after.metadata?.annotations?.[defaultClass] ?? 'false'),
    ...(['provisioner', 'reclaimPolicy', 'volumeBindingMode', 'allowVolumeExpansion', 'parameters'] as const).flatMap(key => valueChange('policy_changed', 'StorageClassChanged', key, before[key], after[key]))
  ]
}
