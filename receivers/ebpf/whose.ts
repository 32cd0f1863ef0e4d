/** What the receiver asks about the owner of a record; who answers is put in from outside. */
import type { Attributes } from '../../core/data/attributes.js'
import type { Subject } from '../../core/identity/identities.js'
import type { RecordName, RecordReader } from '../../native/index.js'

export interface Owner {
  /** Of the resource: container, pod, unit. */
  readonly attributes: Attributes
  /** Path of the cgroup, '' when it is not known. */
  readonly path: string
}

export interface Whose {
  /** Sees every record in order, before anyone asks about it. */
  observe (name: RecordName, reader: RecordReader): void
  ownerOf (subject: Subject): Owner
  /** Of a process at a time in milliseconds since boot: its ancestors, nearest first. */
  ancestorsOf? (pid: number, bootMs: number): readonly string[]
}

const nobody: Owner = { attributes: {}, path: '' }

/** Knows nobody: events then carry ids only. */
export const unknownOwners: Whose = { observe: () => undefined, ownerOf: () => nobody }
