/** The fixed-width part of every pod, one cell a slot in typed arrays. Slots are used again; versions never go back. */
import { grown } from './key-table.js'

export class PodSlots {
  /** Numbers in the string pool. */
  namespace = new Uint32Array(16)
  node = new Uint32Array(16)
  owner = new Uint32Array(16)
  tags = new Uint32Array(16)
  containers = new Uint32Array(16)
  /** First entries in the key tables; -1 = none. */
  uidEntry = new Int32Array(16)
  nameEntry = new Int32Array(16)
  ipEntry = new Int32Array(16)
  containerEntry = new Int32Array(16)
  startMs = new Float64Array(16)
  /** When its addresses became free to be another's; Infinity = they are its own. */
  endMs = new Float64Array(16)
  /** What the record says, hashed: most changes of a pod change nothing that is kept. */
  digest = new Float64Array(16)
  /** The list it was last seen in. */
  generation = new Uint32Array(16)
  /** Grows with every change of the slot's answers. */
  version = new Uint32Array(16)
  /** 0 = free, 1 = live, 2 = deleted and kept for late telemetry. */
  state = new Uint8Array(16)
  readonly names: string[] = []
  readonly #free: number[] = []
  used = 0

  take (): number {
    const slot = this.#free.pop() ?? this.used++
    if (slot >= this.state.length) this.#grow(Math.ceil(this.state.length * 1.5))
    this.endMs[slot] = Infinity
    this.ipEntry[slot] = this.containerEntry[slot] = -1
    return slot
  }

  free (slot: number): void {
    this.state[slot] = 0
    this.names[slot] = ''
    this.#free.push(slot)
  }

  get byteLength (): number { return this.state.length * (9 * 4 + 3 * 8 + 2 * 4 + 1) }

  #grow (length: number): void {
    for (const name of ['namespace', 'node', 'owner', 'tags', 'containers', 'generation', 'version'] as const) this[name] = grown(this[name], length)
    for (const name of ['uidEntry', 'nameEntry', 'ipEntry', 'containerEntry'] as const) this[name] = grown(this[name], length)
    for (const name of ['startMs', 'endMs', 'digest'] as const) this[name] = grown(this[name], length)
    this.state = grown(this.state, length)
  }
}
