/** How far apart in time two things of a kind may be and still have to do with each other, as a share of the `time_window` option. */
import type { Layer, Role } from '../symptom.js'

/** Kernel and connections act at once; controllers, back-offs and caches take minutes. */
const shares: Readonly<Record<Layer, number>> = { kernel: 0.2, net: 0.4, node: 1, k8s: 1, app: 0.4 }
const shareOfChange = 2

/** Of what may have caused something. */
export function windowOf (cause: { readonly layer: Layer, readonly role: Role }, windowMs: number): number {
  return windowMs * (cause.role === 'change' ? shareOfChange : shares[cause.layer])
}
