/** Claims and volumes. */
import { listAt, objectAt, textAt, valueAt } from '../../topology/graph/plain.js'
import { world } from '../current.js'
import { define, text, type PatternFunctions } from './define.js'
import { labelsMatch } from './objects.js'
import { quantity } from './quantity.js'

export const storageFunctions: PatternFunctions = {
  volumeFits: define('pv, pvc', '`{fits, name, class, mode, size, selector, bound, volumeMode, reasons}`: what of the claim the volume meets (true), and the names of what it does not', volumeFits),
  claimClass: define('pvc', 'the name of its storage class: its own, else the default one; `\'\'` for none', claimClass),
  isProvisioned: define('pvc', 'whether its storage class makes volumes by itself', isProvisioned),
  accessModes: define('object', 'of a volume or claim, short: `RWO`', o => listAt(o, 'spec', 'accessModes').map(mode => shortModes[text(mode)] ?? text(mode)))
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
