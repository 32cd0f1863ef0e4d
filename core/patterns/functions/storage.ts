/** Claims and volumes. */
import { listAt, objectAt, textAt, valueAt } from '../../topology/graph/plain.js'
import { define, text, type PatternFunctions } from './define.js'
import { labelsMatch } from './objects.js'
import { quantity } from './quantity.js'

export const storageFunctions: PatternFunctions = {
  volumeFits: define('pv, pvc', '`{fits, class, mode, size, selector, bound, volumeMode, reasons}`: what of the claim the volume meets (true), and the names of what it does not', volumeFits),
  accessModes: define('object', 'of a volume or claim, short: `RWO`', o => listAt(o, 'spec', 'accessModes').map(mode => shortModes[text(mode)] ?? text(mode)))
}

const shortModes: Readonly<Record<string, string>> = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' }

function volumeFits (pv: unknown, pvc: unknown): Readonly<Record<string, unknown>> {
  const modes = listAt(pv, 'spec', 'accessModes')
  const wantedVolume = textAt(pvc, 'spec', 'volumeName')
  const claim = objectAt(pv, 'spec', 'claimRef')
  const isMine = claim.name === textAt(pvc, 'metadata', 'name') && claim.namespace === textAt(pvc, 'metadata', 'namespace')
  const selector = valueAt(pvc, 'spec', 'selector')
  const checks = {
    class: textAt(pv, 'spec', 'storageClassName') === textAt(pvc, 'spec', 'storageClassName'),
    mode: listAt(pvc, 'spec', 'accessModes').every(mode => modes.includes(mode)),
    size: quantity(valueAt(pv, 'spec', 'capacity', 'storage')) >= quantity(valueAt(pvc, 'spec', 'resources', 'requests', 'storage')),
    selector: selector === undefined || selector === null || labelsMatch(objectAt(pv, 'metadata', 'labels'), selector),
    volumeMode: (textAt(pv, 'spec', 'volumeMode') || 'Filesystem') === (textAt(pvc, 'spec', 'volumeMode') || 'Filesystem'),
    // Reserved for this claim, or for none and not used up.
    bound: (Object.keys(claim).length === 0 ? textAt(pv, 'status', 'phase') !== 'Released' && textAt(pv, 'status', 'phase') !== 'Failed' : isMine) && (wantedVolume === '' || wantedVolume === textAt(pv, 'metadata', 'name'))
  }
  const reasons = Object.entries(checks).filter(([, holds]) => !holds).map(([name]) => name)
  return { ...checks, fits: reasons.length === 0, reasons }
}
