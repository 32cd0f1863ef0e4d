/** Claims and volumes. */
import { listAt, objectAt, textAt, valueAt } from '../../topology/graph/plain.js'
import type { NodeRef } from '../../topology/graph/view.js'
import { world } from '../current.js'
import { keyOf, refOf } from '../world.js'
import { define, text, type PatternFunctions } from './define.js'
import { labelsMatch } from './objects.js'
import { quantity } from './quantity.js'

export const storageFunctions: PatternFunctions = {
  volumeFits: define('pv, pvc', '`{fits, name, class, mode, size, selector, bound, volumeMode, reasons}`: what of the claim the volume meets (true), and the names of what it does not', volumeFits),
  claims: define('x', 'claims that a workload or its pods mount (those of a StatefulSet are named after its pods); stored ones only', x => mountedClaims(x).map(c => world().object(c)).filter(o => o !== undefined)),
  missingClaims: define('x', 'claims that it or its pods mount and nobody made: `{kind, namespace, name}`', x => mountedClaims(x).filter(c => !c.exists).map(({ kind, namespace = '', name }) => ({ kind, namespace, name }))),
  claimClass: define('pvc', 'the name of its storage class: its own, else the default one; `\'\'` for none', claimClass),
  isProvisioned: define('pvc', 'whether its storage class makes volumes by itself', isProvisioned),
  accessModes: define('object', 'of a volume or claim, short: `RWO`', o => listAt(o, 'spec', 'accessModes').map(mode => shortModes[text(mode)] ?? text(mode)))
}

/** By name, each once. */
function mountedClaims (x: unknown): readonly (NodeRef & { readonly exists: boolean })[] {
  const own = refOf(x)
  return world().memo(`claims ${keyOf(own)}`, () => {
    const holders = own.kind === 'Pod' ? [own] : [own, ...world().pods(own).map(refOf)]
    const found = new Map(holders.flatMap(ref => world().neighbours(ref, 'mounts_claim', 'out').map(claim => [keyOf(claim), claim] as const)))
    return [...found].sort(([a], [b]) => a < b ? -1 : 1).map(([, claim]) => claim)
  })
}

const shortModes: Readonly<Record<string, string>> = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' }

function volumeFits (pv: unknown, pvc: unknown): Readonly<Record<string, unknown>> {
  const modes = listAt(pv, 'spec', 'accessModes')
  const wantedVolume = textAt(pvc, 'spec', 'volumeName')
  const selector = valueAt(pvc, 'spec', 'selector')
  const checks = {
    name: wantedVolume === '' || wantedVolume === textAt(pv, 'metadata', 'name'),
    class: ownClass(pv) === ownClass(pvc),
    mode: listAt(pvc, 'spec', 'accessModes').every(mode => modes.includes(mode)),
    size: !(quantity(valueAt(pv, 'spec', 'capacity', 'storage')) < quantity(valueAt(pvc, 'spec', 'resources', 'requests', 'storage'))),
    selector: selector === undefined || selector === null || labelsMatch(objectAt(pv, 'metadata', 'labels'), selector),
    volumeMode: (textAt(pv, 'spec', 'volumeMode') || 'Filesystem') === (textAt(pvc, 'spec', 'volumeMode') || 'Filesystem'),
    bound: isFree(pv, pvc)
  }
  const reasons = Object.entries(checks).filter(([, holds]) => !holds).map(([name]) => name)
  return { ...checks, fits: reasons.length === 0, reasons }
}

/** Reserved for this claim, or for none. A volume that was released is nobody's until somebody clears its `claimRef`. */
function isFree (pv: unknown, pvc: unknown): boolean {
  if (['Released', 'Failed'].includes(textAt(pv, 'status', 'phase'))) return false
  const holder = objectAt(pv, 'spec', 'claimRef')
  return Object.keys(holder).length === 0 || (holder.name === textAt(pvc, 'metadata', 'name') && holder.namespace === textAt(pvc, 'metadata', 'namespace'))
}

const classAnnotation = 'volume.beta.kubernetes.io/storage-class'
const defaultAnnotations = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class']

const ownClass = (object: unknown): string => textAt(object, 'metadata', 'annotations', classAnnotation) || textAt(object, 'spec', 'storageClassName')

function claimClass (pvc: unknown): string {
  // `storageClassName: ''` asks for none; left out it asks for the default.
  if (ownClass(pvc) !== '' || valueAt(pvc, 'spec', 'storageClassName') === '') return ownClass(pvc)
  const byDefault = world().all('StorageClass').find(c => defaultAnnotations.some(a => textAt(c, 'metadata', 'annotations', a) === 'true'))
  return textAt(byDefault, 'metadata', 'name')
}

function isProvisioned (pvc: unknown): boolean {
  const name = claimClass(pvc)
  const provisioner = textAt(world().object({ kind: 'StorageClass', namespace: '', name }), 'provisioner')
  return name !== '' && provisioner !== '' && provisioner !== 'kubernetes.io/no-provisioner'
}
