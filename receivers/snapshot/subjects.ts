/** Whose log `cart.log` is: the pod, workload or Service of that name, when the dump has one. */
import type { KubeObject } from '../../core/kubernetes/objects.js'

export interface Subject { readonly kind: string, readonly namespace: string, readonly name: string }

const kinds = ['Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Service']

export class Subjects {
  readonly #byName = new Map<string, Subject>()

  add ({ kind = '', metadata }: KubeObject): void {
    const { name = '', namespace = '' } = metadata ?? {}
    const rank = kinds.indexOf(kind)
    if (rank < 0) return
    const known = this.#byName.get(name)
    if (known === undefined || rank < kinds.indexOf(known.kind)) this.#byName.set(name, { kind, namespace, name })
  }

  /** Names of files often carry more than the name: `cart.previous`, `cart-0_main`. */
  find (name: string): Subject | undefined {
    return this.#byName.get(name) ?? this.#byName.get(name.replace(/[._].*$/, ''))
  }
}
